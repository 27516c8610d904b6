"""Asking hosted models within a budget: each attempt, each retry and each fallback is reserved by itself.

There is no other way from here to a provider: whoever wants an answer calls `ask`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from inference.calls import Call
from inference.cloud.types import (
    BadAnswer,
    Cloud,
    CloudError,
    Delta,
    Deltas,
    ModelUnknown,
    Overloaded,
    Unreachable,
)
from inference.cost.prices import Tokens
from inference.outbound.request import Outbound, checked
from inference.spending import BudgetSpent, Purse
from inference.types import NearsideError

log = logging.getLogger("nearside.cloud")

FIRST_WAIT, LONGEST_WAIT = 0.5, 20.0
"""Seconds before asking again where the server does not say, doubled each time; and the most that is waited
when it does."""
FRAMING, PER_PART = 400, 20
"""Tokens a provider may add for a request as a whole, and for each of its parts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request is for, and how long and how often it may be tried."""

    max_tokens: int
    deadline: float
    """Seconds until the whole answer must be there, retries and waits included."""
    retries: int = 2
    """Further attempts at the same model, where one may help."""
    project: str = ""
    purpose: str = "completion"
    suggestion: str = ""
    """The local suggestion it is to better."""
    sleep: Callable[[float], Awaitable[object]] = field(default=asyncio.sleep, compare=False)


async def ask(clouds: Sequence[Cloud], outbound: Outbound, purse: Purse, asked: Asked) -> Deltas:
    """Stream the answer of the first model that gives one; the later ones stand in for it.

    Nothing is repeated once text has come. Raises CloudError, WillNotSend, BudgetSpent, UnknownPrice and
    LedgerUnusable. Closing the iterator closes the connection; what that call cost is then unknown, and all
    that was reserved for it counts.
    """
    checked(outbound)
    loop = asyncio.get_running_loop()
    end = loop.time() + asked.deadline
    failed: CloudError | None = None
    for cloud in clouds:
        for attempt in range(asked.retries + 1):
            if attempt and not await _waited(failed, attempt, end, asked):
                break
            left = end - loop.time()
            if left <= 0:
                break
            said = False
            try:
                async with contextlib.aclosing(_once(cloud, outbound, purse, asked, left)) as answer:
                    async for delta in answer:
                        said = said or bool(delta.text)
                        yield delta
                return
            except CloudError as error:
                if said:
                    raise
                failed = error
                log.info("Attempt %d at %s failed: %s", attempt + 1, cloud.model, error)
                if not error.again:
                    break
            except BudgetSpent:
                if failed:  # says more than that the budget has no room for another attempt
                    raise failed from None
                raise
        if failed and not isinstance(failed, Overloaded | ModelUnknown | Unreachable | BadAnswer):
            break  # another model of the same account would fail alike
    raise failed or Unreachable(
        "The hosted model was not asked, because no time was left; try again, or raise cloud.timeout."
    )


async def _once(cloud: Cloud, outbound: Outbound, purse: Purse, asked: Asked, left: float) -> Deltas:
    """Make one request: nothing leaves before its money is put aside and on the disk.

    What takes long, and what whoever waits may give up on, comes before that.
    """
    await cloud.ready(left)
    call = await _reserved(cloud, outbound, purse, asked)
    last = Delta()
    most: Tokens | None = None
    uncharged = False
    cost: Decimal | None = None
    try:
        answer = cloud.complete(outbound, max_tokens=asked.max_tokens, deadline=left)
        async with contextlib.aclosing(answer) as deltas:
            async for delta in deltas:
                if delta.finish:
                    last = delta
                elif began := delta.tokens:
                    most = replace(began, output=asked.max_tokens)
                else:
                    yield delta
    except NearsideError as error:
        uncharged = not isinstance(error, CloudError) or error.charged is False  # or it never left
        raise
    finally:
        if last.tokens:
            account = partial(purse.settle, call, last.tokens)
        elif uncharged:
            account = partial(purse.release, call)
        else:
            account = partial(purse.lose, call, most)
        cost = await asyncio.shield(asyncio.to_thread(account))
    yield replace(last, cost=cost, model=cloud.model)


async def _reserved(cloud: Cloud, outbound: Outbound, purse: Purse, asked: Asked) -> Call:
    reserving = asyncio.create_task(
        asyncio.to_thread(
            purse.reserve,
            cloud.provider,
            cloud.model,
            Tokens(most_input_tokens(outbound), asked.max_tokens),
            project=asked.project,
            purpose=asked.purpose,
            suggestion=asked.suggestion,
        )
    )
    try:
        return await asyncio.shield(reserving)
    except asyncio.CancelledError:  # nothing was sent, so nothing is to count
        with contextlib.suppress(NearsideError):
            await asyncio.to_thread(purse.release, await reserving)
        raise


async def _waited(failed: CloudError | None, attempt: int, end: float, asked: Asked) -> bool:
    """Wait as long as the server asks for, or a little; return whether that leaves time for another try."""
    wait = failed.after if failed else None
    if wait is None:
        wait = FIRST_WAIT * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
    if wait > min(LONGEST_WAIT, end - asyncio.get_running_loop().time()):
        return False
    await asked.sleep(wait)
    return True


def most_input_tokens(outbound: Outbound) -> int:
    """Return more tokens than the request can come to: no token is shorter than a byte."""
    text = outbound.system + "".join(outbound.parts)
    return len(text.encode("utf-8", "replace")) + FRAMING + PER_PART * len(outbound.parts)
