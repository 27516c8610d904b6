"""Every setting with its default, range and trust rule. Reading and layering are in layers.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

Untrusted = Literal["refuse", "lower", "raise", "disable", "narrow", "extend", "stricter"]
"""What a project file nobody has consented to may do with a setting: nothing; lower a number; raise one;
switch a flag off; choose among what a list already allows (an empty list allows everything); add to a list;
take an earlier one of its choices, which then stand strictest first."""


def setting(
    default: Any,
    about: str,
    *,
    untrusted: Untrusted = "refuse",
    low: int | Decimal = 0,
    high: int | Decimal = 0,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a setting: its default, one line for the user, and what bounds it."""
    return field(
        default=default,
        metadata={"about": about, "untrusted": untrusted, "low": low, "high": high, "choices": choices},
    )


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the OpenAI wire format. The key itself is never a setting."""

    base_url: str = ""
    model: str = ""
    api_key_env: str = ""
    """Name of the environment variable that holds the key."""


@dataclass(frozen=True)
class Price:
    """What a hosted model costs, in US dollars per million tokens."""

    model: str
    """As requests name it, or provider/model."""
    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    """None: like any other input."""
    cache_write: Decimal | None = None


@dataclass(frozen=True)
class McpServer:
    """A server of tools for the model: a program that is started, or an address."""

    name: str
    command: str = ""
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    """Names of the environment variables it gets beside PATH, HOME and LANG."""
    url: str = ""
    tools: tuple[str, ...] = ()
    """Which of its tools are used; empty is the first of them."""


@dataclass(frozen=True)
class Model:
    completion: str | Endpoint = setting(
        "auto", "auto (bundled), a path, hf:owner/repo/file.gguf, or {base_url, model, api_key_env}"
    )
    chat: str | Endpoint = setting(
        "",
        "model of code actions: a path, hf:owner/repo/file.gguf, or {base_url, model, api_key_env}; empty is "
        "the same as completion",
    )
    gpu_layers: int = setting(-1, "layers on the GPU; -1 is all, where there is one", low=-1, high=10_000)
    context: int = setting(4096, "tokens one request may hold", low=256, high=1_048_576)
    kv_type: str = setting("f16", "number format of the KV cache", choices=("f16", "q8_0"))
    documents: int = setting(4, "documents kept warm in the KV cache", low=1, high=64)
    threads: int = setting(0, "CPU threads; 0 is automatic", low=0, high=1024)
    idle_timeout: int = setting(1800, "seconds without a request until the engine ends", low=1, high=604_800)

    @property
    def for_chat(self) -> Model:
        """The same settings with the model of code actions in place of the one of completions."""
        return replace(self, completion=self.chat) if self.chat else self


@dataclass(frozen=True)
class Completion:
    enabled: bool = setting(True, "suggest anything at all", untrusted="disable")
    deadline_ms: int = setting(
        650, "answer by then with what is ready", untrusted="lower", low=20, high=60_000
    )
    debounce_ms: int = setting(
        -1,
        "milliseconds to wait for the next key; -1 is automatic, and none for editors that wait themselves",
        low=-1,
        high=5000,
    )
    max_tokens: int = setting(64, "tokens in one suggestion", untrusted="lower", low=1, high=4096)
    max_lines: int = setting(8, "lines in one suggestion", untrusted="lower", low=1, high=1000)
    alternatives: int = setting(3, "suggestions when asked for by hand", untrusted="lower", low=1, high=16)
    show_above: int = setting(
        20, "per cent of confidence from which a suggestion is shown; 0 shows all", low=0, high=99
    )
    prefix_lines: int = setting(
        256, "lines before the cursor the model sees", untrusted="lower", low=1, high=100_000
    )
    suffix_lines: int = setting(
        16, "lines after the cursor the model sees", untrusted="lower", low=0, high=100_000
    )
    languages: tuple[str, ...] = setting(
        (), "language identifiers to complete in; empty is all", untrusted="narrow"
    )
    disable_in: tuple[str, ...] = setting((), "globs of files never to complete in", untrusted="extend")
    add_imports: bool = setting(True, "add the import that an accepted suggestion needs", untrusted="disable")


@dataclass(frozen=True)
class Retrieval:
    enabled: bool = setting(
        True, "index the workspace, for completions to know it and for search", untrusted="disable"
    )
    embedder: str | Endpoint = setting(
        "minilm",
        "minilm (bundled), none, a sentence-transformers model, or {base_url, model, api_key_env}",
    )
    include: tuple[str, ...] = setting((), "globs of files to index although they are ignored")
    exclude: tuple[str, ...] = setting((), "globs of files never to index", untrusted="extend")
    max_file_kb: int = setting(
        512, "kilobytes; a larger file is not indexed", untrusted="lower", low=1, high=65_536
    )
    private: bool = setting(False, "index private files (keys, .env) too, for search on this machine only")
    uri: str = setting("", "where the index is: a path or s3://...; empty is the cache folder")


@dataclass(frozen=True)
class Docs:
    python: str = setting(
        "", "the project's Python: its interpreter or environment folder; empty looks for .venv and the like"
    )
    folders: tuple[str, ...] = setting(
        (), "docsets, DevDocs folders and objects.inv files, or folders of them; an address may follow one"
    )
    completions: bool = setting(
        True, "let suggestions know the signatures of installed packages", untrusted="disable"
    )
    hover: bool = setting(False, "answer the editor's hover with the documentation of installed packages")


@dataclass(frozen=True)
class Web:
    search: tuple[str, ...] = setting(
        (),
        "search engines to ask, the first one first: searxng, brave, tavily, ddgs; empty is off",
        choices=("searxng", "brave", "tavily", "ddgs"),
    )
    searxng_url: str = setting("", "address of your SearXNG, which must allow the format json")
    fetch: bool = setting(False, "fetch pages of public addresses", untrusted="disable")
    ports: tuple[str, ...] = setting(("80", "443"), "ports that pages are fetched from")
    timeout: int = setting(
        10, "seconds until a page, or an engine's answer, must be there", untrusted="lower", low=1, high=60
    )
    max_kb: int = setting(
        2048, "kilobytes of a page, also when it is unpacked", untrusted="lower", low=16, high=16_384
    )


@dataclass(frozen=True)
class Mcp:
    servers: tuple[McpServer, ...] = setting(
        (),
        "servers of tools for the model: a table of {command, args, env, tools} or {url, tools} for each",
    )


@dataclass(frozen=True)
class Log:
    level: str = setting("info", "what to log", choices=("debug", "info", "warning", "error"))
    file: str = setting("", "path of the log; empty is nearside.log in the state folder")


@dataclass(frozen=True)
class Ledger:
    enabled: bool = setting(
        True, "record what was suggested and taken, in figures and without any text", untrusted="disable"
    )


@dataclass(frozen=True)
class Actions:
    escalate: str = setting(
        "when checks fail",
        "when an action asks the hosted model: never, when checks fail, or always",
        untrusted="stricter",
        choices=("never", "when checks fail", "always"),
    )
    checks: tuple[str, ...] = setting(
        ("parse", "lint"),
        "what an action's result has to pass: parse, lint, tests",
        choices=("parse", "lint", "tests"),
    )
    tests: str = setting("", "command that runs the tests, for the check of that name")
    sure_above: int = setting(
        50,
        "per cent of mean token probability that a local draft must have where no test checked it; 0 is any",
        untrusted="raise",
        high=99,
    )


@dataclass(frozen=True)
class Routing:
    mode: str = setting(
        "local-only",
        "local-only: no hosted model; local-first: one where the local answer will not do; cloud-first",
        untrusted="stricter",
        choices=("local-only", "local-first", "cloud-first"),
    )
    keep_local: Decimal = setting(
        Decimal("0.65"),
        "share of the drafts you stop at that the local model answers alone",
        untrusted="raise",
        high=1,
    )
    min_quality: Decimal = setting(
        Decimal(0),
        "share of the answers kept local that should be right, where that asks for more; 0 is no demand",
        untrusted="lower",
        high=1,
    )
    daily_budget: Decimal = setting(
        Decimal(1),
        "US dollars that hosted models may cost in a day, over all projects",
        untrusted="lower",
        high=1_000_000,
    )
    monthly_budget: Decimal = setting(
        Decimal(5),
        "US dollars that hosted models may cost in a month, over all projects",
        untrusted="lower",
        high=1_000_000,
    )
    exploration: Decimal = setting(
        Decimal(0),
        "share of the answers kept local that are compared with the hosted model's",
        untrusted="lower",
        high=Decimal("0.5"),
    )
    actions: Actions = field(default_factory=Actions)


@dataclass(frozen=True)
class Cloud:
    provider: str = setting(
        "none",
        "hosted model's provider: none, anthropic, openai, or openai-compatible",
        choices=("none", "anthropic", "openai", "openai-compatible"),
    )
    model: str = setting("", "hosted model, as its provider names it")
    fallback_model: str = setting(
        "", "model of the same provider to ask where that one is overloaded or gone"
    )
    base_url: str = setting(
        "", "address of an openai-compatible server, or of your own gateway to the others"
    )
    api_key_env: str = setting(
        "", "environment variable that holds the key; empty is the provider's usual one, then the keyring"
    )
    connect_timeout: int = setting(
        5, "seconds until it must be connected", untrusted="lower", low=1, high=120
    )
    read_timeout: int = setting(30, "seconds it may say nothing", untrusted="lower", low=1, high=600)
    timeout: int = setting(
        120, "seconds until its answer must be there, with all retries", untrusted="lower", low=1, high=3600
    )
    retries: int = setting(2, "times to ask again after an overload", untrusted="lower", low=0, high=10)
    never_send: tuple[str, ...] = setting(
        (), "globs of files whose text goes to no hosted model", untrusted="extend"
    )
    redaction: str = setting(
        "replace",
        "replace secrets in a request by placeholders, or block a request that holds any",
        choices=("replace", "block"),
    )
    keep_text: bool = setting(
        False, "keep a copy of each request beside the audit log, as it was sent", untrusted="disable"
    )


@dataclass(frozen=True)
class Cost:
    currency: str = setting("USD", "what amounts are shown in")
    exchange_rate: Decimal = setting(
        Decimal(1),
        "what one US dollar costs in that currency, as models are priced in dollars",
        low=Decimal("0.000001"),
        high=1_000_000_000,
    )
    kwh_price: Decimal = setting(Decimal("0.16"), "price of a kilowatt-hour", high=1_000_000)
    watts: str | Decimal = setting(
        "measured", "watts this machine draws while it answers, or measured by its own counters", high=100_000
    )
    hardware_price: Decimal = setting(
        Decimal(0), "price of the hardware; 0 where you had it anyway", high=1_000_000_000_000
    )
    residual_value: Decimal = setting(
        Decimal(0), "what it is worth in the end, which may be more than its price", high=1_000_000_000_000
    )
    years: Decimal = setting(Decimal(3), "years it is used", low=Decimal("0.1"), high=100)
    setup_hours: Decimal = setting(Decimal(0), "hours it takes to set up, once", high=100_000)
    hourly_rate: Decimal = setting(Decimal(0), "price of an hour of your work", high=1_000_000_000)
    maintenance_hours: Decimal = setting(Decimal(0), "hours it takes to maintain, in a year", high=8784)
    people: int = setting(1, "people who share the machine", low=1, high=1_000_000)
    hosted_model: str = setting(
        "claude-sonnet-5-5", "hosted model that would have answered otherwise, for the avoided spend"
    )
    prices: tuple[Price, ...] = setting(
        (), "prices of yours: a table of {input, output, cache_read, cache_write} for each model"
    )


@dataclass(frozen=True)
class Settings:
    model: Model = field(default_factory=Model)
    completion: Completion = field(default_factory=Completion)
    retrieval: Retrieval = field(default_factory=Retrieval)
    docs: Docs = field(default_factory=Docs)
    web: Web = field(default_factory=Web)
    mcp: Mcp = field(default_factory=Mcp)
    log: Log = field(default_factory=Log)
    ledger: Ledger = field(default_factory=Ledger)
    routing: Routing = field(default_factory=Routing)
    cloud: Cloud = field(default_factory=Cloud)
    cost: Cost = field(default_factory=Cost)
