"""What differs between servers: how each is recognised, asked and read, and what it cannot do.

Transport is in client.py; prompt formats of model families are in fim.py.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from inference.events import read_llama_server, read_ollama, read_openai
from inference.fim import FORMATS, FimFormat, family_of
from inference.refusals import error_of
from inference.types import (
    CannotInfill,
    CompletionRequest,
    EngineInfo,
    EngineRefused,
    FimPrompt,
    Piece,
    Snippet,
)

NO_CONFIDENCE = "Confidence is unknown: this server returns no log-probabilities."
ONE_SUGGESTION = "There is one suggestion at a time: this server does not branch a completion."
NO_CONTEXT = "Other files are not shown to the model: this server takes only the text around the cursor."
ALTERNATIVES_TEMPERATURE = 0.6
"""Several greedy answers would be equal (vLLM refuses them): alternatives are sampled at this temperature."""

Get = Callable[[str], Awaitable[tuple[int, Any]]]
"""GET a path: the status and the parsed JSON, {} where the body is none."""
Post = Callable[[str, dict[str, Any]], Awaitable[tuple[int, Any]]]


@dataclass(frozen=True)
class Dialect:
    """How one server is asked for a completion and how its events are read."""

    info: EngineInfo
    path: str
    body: Callable[[CompletionRequest], dict[str, Any]]
    read: Callable[[dict[str, Any]], Iterator[Piece]]
    branches: bool = False
    """Whether one request may ask for several alternatives."""
    ends: tuple[str, ...] = ()
    """Tokens that end the text, should the server hand them out as text."""


async def detect(get: Get, post: Post, url: str, model: str, context: int = 0) -> Dialect:
    """Find out by asking what serves at `url`; raises while it loads and where it cannot complete code."""
    status, health = await get("/health")
    if health.get("engine") == "nearside":
        return nearside(health, model)
    if status == 503 and "loading" in str(health).lower():
        raise error_of(url, status, health)
    status, props = await get("/props")
    if "default_generation_settings" in props:
        return await llama_server(post, props, url, model)
    _, version = await get("/api/version")
    if isinstance(version.get("version"), str):
        return await ollama(get, post, str(version["version"]), url, model, context)
    status, models = await get("/v1/models")
    if status != 200 or not isinstance(models.get("data"), list):
        if status in (401, 403):
            raise error_of(url, status, models)
        raise EngineRefused(
            f"No completion: {url} does not speak the OpenAI wire format (GET /v1/models: {status}). "
            "Correct model.completion.base_url."
        )
    _, version = await get("/version")
    return openai(url, model, [entry for entry in models["data"] if isinstance(entry, dict)], version)


def nearside(health: dict[str, Any], model: str) -> Dialect:
    """Our own engine: it formats the prompt, counts its lines and branches by itself."""
    about = health.get("model") or {}
    context = int(about.get("context") or 0)
    trained = int(about.get("trained_context") or context)
    info = EngineInfo(
        "nearside", str(about.get("name") or model), min(context, trained),
        infill=about.get("fim", True) is not False, chats=about.get("chat", True) is not False,
        details=health,
    )  # fmt: skip

    def body(request: CompletionRequest) -> dict[str, Any]:
        prompt = request.prompt
        return {
            "model": model or info.model,
            "prompt": prompt.prefix,
            "suffix": prompt.suffix,
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "stop": list(request.stop),
            "stream": True,
            "logprobs": 1,
            "n": request.alternatives,
            "nearside": {
                "client": request.client,
                "document": request.document,
                "priority": request.priority.name.lower(),
                "path": prompt.path,
                "repository": prompt.repository,
                "context": [asdict(snippet) for snippet in prompt.snippets],
                **({"members": dict(prompt.members)} if prompt.members else {}),
                "max_lines": request.max_lines,
                "least": request.least,
            },
        }

    return Dialect(info, "/v1/completions", body, read_openai, branches=True)


async def llama_server(post: Post, props: dict[str, Any], url: str, model: str) -> Dialect:
    """llama.cpp's server: /infill where the vocabulary has the tokens, else a raw prompt by family."""
    path = str(props.get("model_alias") or props.get("model_path") or model)
    name = path.replace("\\", "/").rpartition("/")[2]
    settings = props.get("default_generation_settings") or {}
    n_ctx = int(settings.get("n_ctx") or 0)
    slots = int(props.get("total_slots") or 1)
    limits = () if slots > 1 else (ONE_SUGGESTION,)
    info = EngineInfo("llama-server", name, n_ctx, limits=limits, details=props)
    common = {"model": model} if model else {}

    def options(request: CompletionRequest) -> dict[str, Any]:
        count = min(request.alternatives, slots)  # each takes a slot; more are refused
        return {
            **common,
            **({"n_cmpl": count} if count > 1 else {}),
            "n_predict": request.max_tokens,
            "temperature": request.temperature or (ALTERNATIVES_TEMPERATURE if count > 1 else 0),
            "stop": list(request.stop),
            "n_probs": 2,
            "cache_prompt": True,
            "stream": True,
        }

    def infill(request: CompletionRequest) -> dict[str, Any]:
        prompt = request.prompt
        extra = [{"filename": snippet.path, "text": snippet.text} for snippet in prompt.snippets]
        around = {"input_prefix": prompt.prefix, "input_suffix": prompt.suffix, "prompt": ""}
        return {**around, "input_extra": extra, **options(request)}

    # Zero tokens evaluate nothing but say at once whether the model has the tokens it takes.
    status, answer = await post("/infill", {**common, "input_prefix": "", "input_suffix": "", "n_predict": 0})
    if status < 400:
        return Dialect(info, "/infill", infill, read_llama_server, branches=slots > 1)
    refused = error_of(url, status, answer)
    if not isinstance(refused, CannotInfill):
        raise refused
    format = FORMATS.get(family_of(name) or family_of(model) or "")
    if not format:
        raise refused

    def raw(request: CompletionRequest) -> dict[str, Any]:
        return {"prompt": raw_prompt(format, request.prompt), **options(request)}

    return Dialect(info, "/completion", raw, read_llama_server, slots > 1, format.tokens())


async def ollama(get: Get, post: Post, version: str, url: str, model: str, context: int) -> Dialect:
    """Ollama: a raw prompt by family, else the model's own template for a suffix."""
    if not model:
        _, tags = await get("/api/tags")
        model = only([str(entry.get("name")) for entry in tags.get("models") or []], url)
    status, shown = await post("/api/show", {"model": model})
    if status == 404:
        raise error_of(url, 404, {"error": f"model '{model}' not found; `ollama pull {model}` fetches it"})
    if status != 200:
        raise error_of(url, status, shown)
    about = shown.get("model_info") or {}
    longest = next((int(value) for key, value in about.items() if key.endswith(".context_length")), 0)
    family = family_of(f"{model} {about.get('general.basename', '')}")
    format = FORMATS.get(family or "")
    inserts = "insert" in (shown.get("capabilities") or [])
    if not format and not inserts:
        raise unknown_family(url, model)
    limits = (ONE_SUGGESTION,) if format else (ONE_SUGGESTION, NO_CONTEXT)
    info = EngineInfo(
        "ollama", model, min(context, longest) or context or longest, limits=limits,
        details={"version": version, "family": family, "capabilities": shown.get("capabilities")},
    )  # fmt: skip

    def body(request: CompletionRequest) -> dict[str, Any]:
        if format:
            prompt: dict[str, Any] = {"prompt": raw_prompt(format, request.prompt), "raw": True}
        else:
            clean = neutralised(request.prompt, ())
            prompt = {"prompt": clean.prefix, "suffix": clean.suffix}
        options: dict[str, Any] = {
            "num_predict": max(1, request.max_tokens),  # 0 would be without a limit
            "temperature": request.temperature,
            "stop": [*request.stop, *(format.tokens() if format else ())],
            "repeat_penalty": 1.0,  # the default of 1.1 spoils code, which repeats itself
        }
        if context:
            options["num_ctx"] = info.context  # without it longer prompts are cut silently
        asked = {"model": model, **prompt, "options": options, "stream": True}
        return {**asked, "logprobs": True, "top_logprobs": 2}

    return Dialect(info, "/api/generate", body, read_ollama, ends=format.tokens() if format else ())


def openai(url: str, model: str, models: list[dict[str, Any]], version: dict[str, Any]) -> Dialect:
    """vLLM, LM Studio and every other server with /v1/completions: a raw prompt by family."""
    entries = {str(entry.get("id")): entry for entry in models}
    vllm = bool(version.get("version")) and any(entry.get("owned_by") == "vllm" for entry in models)
    model = model or only(list(entries), url)
    entry = entries.get(model, {})
    if vllm and not entry:
        raise error_of(url, 404, {"error": f"it serves {', '.join(entries)}, and not the model {model}"})
    family = family_of(f"{model} {entry.get('root', '')}")
    format = FORMATS.get(family or "")
    if not format:
        raise unknown_family(url, model)
    info = EngineInfo(
        "vllm" if vllm else "openai-compatible",
        model,
        int(entry.get("max_model_len") or entry.get("max_context_length") or 0),
        limits=() if vllm else (ONE_SUGGESTION,),
        details={"version": version.get("version"), "family": family},
    )

    def body(request: CompletionRequest) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": model,
            "prompt": raw_prompt(format, request.prompt),
            "max_tokens": max(1, request.max_tokens),  # none of them takes 0
            "temperature": request.temperature,
            # Without a stop the model would go on with the next file; OpenAI's own limit is four of them.
            "stop": [*request.stop, *format.tokens()][: None if vllm else 4],
            "stream": True,
            "stream_options": {"include_usage": True},
            "logprobs": 2,
        }
        if vllm:
            asked["skip_special_tokens"] = False  # a stop that is never spelt out stops nothing
            if request.alternatives > 1:
                asked["n"] = request.alternatives
                asked["temperature"] = request.temperature or ALTERNATIVES_TEMPERATURE
        return asked

    return Dialect(info, "/v1/completions", body, read_openai, branches=vllm, ends=format.tokens())


def only(names: list[str], url: str) -> str:
    """Return the one model there is to choose from."""
    if len(names) == 1:
        return names[0]
    have = f"it serves {', '.join(names[:8])}" if names else "it lists none"
    raise EngineRefused(f"No completion: model.completion names no model for {url}, and {have}. Name one.")


def unknown_family(url: str, model: str) -> CannotInfill:
    return CannotInfill(
        f"No completion: it is not known how {model} at {url} fills in the middle, or whether it can. "
        "Choose a model trained for it (Qwen2.5-Coder, StarCoder2, Codestral), or serve it with llama-server."
    )


def raw_prompt(format: FimFormat, prompt: FimPrompt) -> str:
    """Write a prompt as one string that a server tokenises with special tokens enabled."""
    return format.render(neutralised(prompt, format.tokens()))


_CONTROL = re.compile(r"<[|｜][^|｜<>\s]{1,40}[|｜]>")


def neutralised(prompt: FimPrompt, tokens: tuple[str, ...]) -> FimPrompt:
    """Split special tokens in the user's text with a space: no file may end or redirect its own prompt."""
    named = "|".join(re.escape(token) for token in sorted(tokens, key=len, reverse=True))
    pattern = re.compile(f"{named}|{_CONTROL.pattern}") if named else _CONTROL

    def split(text: str) -> str:
        return pattern.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)

    return replace(
        prompt,
        prefix=split(prompt.prefix),
        suffix=split(prompt.suffix),
        path=split(prompt.path),
        repository=split(prompt.repository),
        snippets=tuple(Snippet(split(item.path), split(item.text)) for item in prompt.snippets),
    )
