"""Anthropic's models, through its library."""

from __future__ import annotations

from typing import Any

from inference.cloud.connection import Connection, events, whole
from inference.cloud.failures import refused
from inference.cloud.reach import Reach
from inference.cloud.types import BadAnswer, Delta, Deltas
from inference.cost.prices import Tokens
from inference.outbound.request import Outbound, checked

ADDRESS = "https://api.anthropic.com"
WHO = "Anthropic"
FINISHES = {"max_tokens": "length", "model_context_window_exceeded": "length", "refusal": "refused"}


class Claude:
    """One of Anthropic's models. Its prompt cache is asked to keep what stands before the boundary."""

    provider = "anthropic"

    def __init__(self, model: str, reach: Reach) -> None:
        self.model = model
        self._connection = Connection(reach, WHO, "anthropic", _client)

    async def complete(self, outbound: Outbound, *, max_tokens: int, deadline: float) -> Deltas:
        checked(outbound)
        usage: dict[str, int] = {}
        finish = None
        source = events(
            self._connection,
            outbound,
            self,
            lambda client: client.messages.create(
                model=self.model,
                max_tokens=max_tokens,
                system=_blocks(outbound.system) if outbound.system else [],
                messages=[{"role": "user", "content": content(outbound)}],
                service_tier="standard_only",  # the one whose prices are known
                stream=True,
            ),
            deadline,
        )
        try:
            response = await anext(source)
            if "json" in response.headers.get("content-type", ""):
                yield _whole(await whole(response, WHO), self.model)
                return
            async for event in source:
                match event.type:
                    case "message_start":
                        _count(usage, event.message.usage)
                        yield Delta(tokens=_tokens(usage))
                    case "content_block_delta" if event.delta.type == "text_delta":
                        yield Delta(event.delta.text)
                    case "message_delta":
                        finish = event.delta.stop_reason
                        _count(usage, event.usage)
                    case "message_stop":
                        if not finish:
                            break
                        yield Delta("", FINISHES.get(finish, "stop"), _tokens(usage))
                        return
        finally:
            await source.aclose()
        raise BadAnswer(
            f"The hosted model's answer is not used, because {WHO} broke it off in the middle; try again.",
            charged=None,
            again=True,
        )

    async def ready(self, deadline: float) -> None:
        await self._connection.ready(deadline)

    async def close(self) -> None:
        await self._connection.close()


def content(outbound: Outbound) -> list[dict[str, Any]]:
    """Return the parts of a request as blocks, with the mark of the cache on the last stable one."""
    blocks: list[dict[str, Any]] = [block for part in outbound.parts for block in _blocks(part)]
    if 0 < outbound.stable <= len(blocks):
        blocks[outbound.stable - 1]["cache_control"] = {"type": "ephemeral"}
    return blocks


def _blocks(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}]


def _client(key: str, http: Any, base_url: str) -> Any:
    import anthropic

    return anthropic.AsyncAnthropic(
        api_key=key,
        base_url=base_url or ADDRESS,
        http_client=http,
        max_retries=0,
        open_telemetry={"traces": False, "propagation": False},  # the environment may ask it to trace texts
    )


def _count(usage: dict[str, int], given: Any) -> None:
    """Add what an event says of usage; later events repeat what they know and leave out the rest."""
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        value = given.get(name) if isinstance(given, dict) else getattr(given, name, None)
        if isinstance(value, int):
            usage[name] = value


def _tokens(usage: dict[str, int]) -> Tokens | None:
    """Return the counts as ours: here the input is what was neither read from nor written to the cache."""
    if "input_tokens" not in usage or "output_tokens" not in usage or min(usage.values()) < 0:
        return None
    read, write = usage.get("cache_read_input_tokens", 0), usage.get("cache_creation_input_tokens", 0)
    return Tokens(usage["input_tokens"] + read + write, usage["output_tokens"], read, write)


def _whole(body: dict[str, Any], model: str) -> Delta:
    if "error" in body:
        raise refused(200, body, {}, WHO, model)
    try:
        text = "".join(str(block["text"]) for block in body["content"] if block["type"] == "text")
        usage: dict[str, int] = {}
        _count(usage, body["usage"])
        return Delta(text, FINISHES.get(body["stop_reason"], "stop"), _tokens(usage))
    except (KeyError, TypeError) as error:
        raise BadAnswer(
            f"The hosted model did not answer, because what came from {WHO} is no message; check "
            "cloud.base_url.",
            charged=None,
        ) from error
