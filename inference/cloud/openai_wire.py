"""OpenAI's models and every server with its chat completions, through its library."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from inference.cloud.connection import Connection, events, whole
from inference.cloud.failures import refused
from inference.cloud.reach import Reach
from inference.cloud.types import BadAnswer, Delta, Deltas
from inference.cost.prices import Tokens
from inference.outbound.request import Outbound, checked

ADDRESS = "https://api.openai.com/v1"
FINISHES = {"length": "length", "content_filter": "refused"}


class OpenAI:
    """One model behind chat completions. Prompts are cached by their beginning there, so the order of the
    parts is all it takes."""

    def __init__(self, model: str, reach: Reach) -> None:
        self.model = model
        self.provider = reach.cloud.provider
        own = self.provider != "openai"
        who = (urlsplit(reach.cloud.base_url).hostname or "the server") if own else "OpenAI"
        self._connection = Connection(reach, who, "openai", _client)

    async def complete(self, outbound: Outbound, *, max_tokens: int, deadline: float) -> Deltas:
        body = self._body(checked(outbound), max_tokens)
        who = self._connection.who
        finish, tokens = None, None
        source = events(
            self._connection,
            outbound,
            self,
            lambda client: client.chat.completions.create(**body),
            deadline,
        )
        try:
            response = await anext(source)
            if "json" in response.headers.get("content-type", ""):
                yield _whole(await whole(response, who), who, self.model)
                return
            async for chunk in source:
                for choice in chunk.choices or ():
                    if choice.delta and choice.delta.content:
                        yield Delta(choice.delta.content)
                    finish = choice.finish_reason or finish
                if chunk.usage:
                    tokens = _tokens(chunk.usage.model_dump())
        finally:
            await source.aclose()
        if not finish:
            raise BadAnswer(
                f"The hosted model's answer is not used, because {who} broke it off in the middle; "
                "try again.",
                charged=None,
                again=True,
            )
        yield Delta("", FINISHES.get(finish, "stop"), tokens)

    async def ready(self, deadline: float) -> None:
        await self._connection.ready(deadline)

    async def close(self) -> None:
        await self._connection.close()

    def _body(self, outbound: Outbound, max_tokens: int) -> dict[str, Any]:
        text = [{"type": "text", "text": part} for part in outbound.parts]
        messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
        if outbound.system:
            messages.insert(0, {"role": "system", "content": outbound.system})
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.provider != "openai":  # where the newer names are often unknown, and text is a string
            messages[-1]["content"] = "".join(outbound.parts)
            return {**body, "max_tokens": max_tokens}
        stable = "\0".join([outbound.system, *outbound.parts[: outbound.stable]])
        return {
            **body,
            "max_completion_tokens": max_tokens,
            "store": False,
            "service_tier": "default",  # the one whose prices are known
            "prompt_cache_key": hashlib.sha256(stable.encode("utf-8", "replace")).hexdigest()[:32],
        }


def _client(key: str, http: Any, base_url: str) -> Any:
    import openai

    return openai.AsyncOpenAI(
        api_key=key or "none", base_url=base_url or ADDRESS, http_client=http, max_retries=0
    )


def _tokens(usage: dict[str, Any]) -> Tokens | None:
    """Return the counts as ours; None where they are none."""
    details = usage.get("prompt_tokens_details") or {}
    try:
        return Tokens(
            usage["prompt_tokens"],
            usage["completion_tokens"],
            details.get("cached_tokens") or 0,
            details.get("cache_write_tokens") or 0,
        )
    except (KeyError, ValueError, TypeError):
        return None


def _whole(body: dict[str, Any], who: str, model: str) -> Delta:
    if body.get("error"):
        raise refused(200, body, {}, who, model)
    try:
        choice = body["choices"][0]
        tokens = _tokens(body.get("usage") or {})
        return Delta(
            str(choice["message"]["content"] or ""), FINISHES.get(choice["finish_reason"], "stop"), tokens
        )
    except (KeyError, IndexError, TypeError) as error:
        raise BadAnswer(
            f"The hosted model did not answer, because what came from {who} is no completion; check "
            "cloud.base_url.",
            charged=None,
        ) from error
