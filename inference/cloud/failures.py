"""From what the libraries raise to CloudErrors. The texts quote nothing a server says beyond an error's name:
what it says may repeat the request.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Mapping
from typing import Any

from inference.cloud.types import (
    BadAnswer,
    CloudError,
    KeyRefused,
    ModelUnknown,
    Overloaded,
    OverQuota,
    RequestRefused,
    Unreachable,
)
from inference.types import NearsideError

QUOTA = ("insufficient_quota", "billing", "quota", "credit", "payment", "spend")
"""What names of errors hold where the account's money is at its end: no waiting helps."""
PASSING = {"overloaded_error", "rate_limit_error", "api_error", "server_error", "timeout_error"}
"""Errors inside a stream that waiting helps against."""
LOST_BEHIND_A_PROXY = (502, 504, 520, 522, 524)
"""The model may have answered, and been paid for, although the answer never came."""
LONGEST_WAIT = 86_400.0
NOT_ASKED = "The hosted model did not answer"


def translated(error: BaseException, who: str, model: str) -> NearsideError:
    """Return what an exception of the library or of HTTP means. `who` names the provider for the user."""
    import httpx2

    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, NearsideError):  # ours, raised in a hook before anything was sent
            return cause
    for cause in chain:
        status = getattr(cause, "status_code", None)
        if isinstance(status, int):
            response: Any = getattr(cause, "response", None)
            return refused(
                status,
                getattr(cause, "body", None),
                getattr(response, "headers", {}),
                who,
                model,
            )
    for cause in chain:
        if isinstance(body := getattr(cause, "body", None), Mapping):
            return refused(200, body, {}, who, model)
    for cause in chain:
        if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
            return Unreachable(
                f"{NOT_ASKED}, because {who} cannot be reached; check the network, or cloud.base_url.",
                again=not isinstance(cause, httpx2.ConnectTimeout),
            )
        if isinstance(cause, httpx2.TimeoutException | TimeoutError):
            return Unreachable(
                f"{NOT_ASKED}, because {who} said nothing for too long; try again, or raise "
                "cloud.read_timeout and cloud.timeout.",
                charged=None,
            )
        if isinstance(cause, httpx2.TransportError):
            return Unreachable(
                f"{NOT_ASKED}, because the connection to {who} broke off; try again.",
                charged=None,
                again=True,
            )
        if isinstance(cause, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
            return RequestRefused(f"{NOT_ASKED}, because cloud.base_url is no address; correct it.")
    return BadAnswer(
        f"{NOT_ASKED}, because what came from {who} is not what its format says ({type(error).__name__}); "
        "check cloud.provider and cloud.base_url.",
        charged=None,
    )


def refused(status: int, body: object, headers: Mapping[str, str], who: str, model: str) -> CloudError:
    """Return what an HTTP status, or an error inside a stream (status 200), means."""
    names = _names(body)
    name = f" ({names[0]})" if names else ""
    in_stream = status < 300
    charged = None if in_stream or status in LOST_BEHIND_A_PROXY else False
    after = retry_after(headers)
    if status == 402 or (
        status in (400, 403, 429, 200) and any(word in name_ for name_ in names for word in QUOTA)
    ):
        return OverQuota(
            f"{NOT_ASKED}, because your account at {who} is at its limit{name}; look at its billing page.",
            charged=charged,
        )
    if status == 401:
        return KeyRefused(f"{NOT_ASKED}, because {who} does not accept the key{name}; set a valid one.")
    if status == 403:
        return KeyRefused(
            f"{NOT_ASKED}, because {who} does not let this key use {model}{name}; see its console."
        )
    if status == 404 or any("model_not_found" in one for one in names):
        return ModelUnknown(
            f"{NOT_ASKED}, because {who} has no model {model} for you{name}; set cloud.model to one it has."
        )
    if status in (408, 409, 425, 429) or status >= 500 or (in_stream and set(names) & PASSING):
        what = "asks us to wait" if status == 429 else "is overloaded or in trouble"
        wait = f" for {after:.0f} s" if after is not None and status == 429 else ""
        code = "" if in_stream else f" (status {status})"
        return Overloaded(
            f"{NOT_ASKED}, because {who} {what}{wait}{code}; try again later.",
            charged=charged,
            again=True,
            after=after,
        )
    if 300 <= status < 400:
        return RequestRefused(
            f"{NOT_ASKED}, because {who} answers from another address, where nothing is sent unasked; "
            "set cloud.base_url to it if you trust it."
        )
    return RequestRefused(
        f"{NOT_ASKED}, because {who} does not take the request (status {status}){name}; check cloud.model, "
        "or report it with the log.",
        charged=charged,
    )


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds a server asks to wait; None where it does not say, or says nonsense."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            text = headers.get("retry-after", "")
            try:
                seconds = float(text)
            except ValueError:
                moment = email.utils.parsedate_to_datetime(text).timestamp()
                seconds = moment - (time.time() if now is None else now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if not seconds < float("inf"):  # also not a number
        return None
    return min(max(0.0, seconds), LONGEST_WAIT)


def _names(body: object) -> list[str]:
    """Return the type and code of an error as its provider names them: identifiers, never sentences."""
    found: list[str] = []
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            for key in ("code", "type"):
                value = inner.get(key)
                if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", value):
                    found.append(value.lower())
            # the one refusal for lack of money that has no name of its own
            if "credit balance" in str(inner.get("message", "")).lower():
                found.append("credit_balance")
    return found


def _causes(error: BaseException | None):
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
