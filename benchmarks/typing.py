"""python -m benchmarks.typing: an hour of typing through our server, with each of its mechanisms off in turn,
and through a client that asks as llama.vim does.

The hour is typed from edits recorded from real commits (data/README.md, keystrokes.py says how), into clients
in this process: our language server as the Neovim plugin drives it (nearside_client.py), and
llama_vim_like.py, whose engine lays prompts out as llama-server does and, in one more row, as ours does. Both
ask at every key without a wait of the editor's own, and are accepted by the same rule (typist.py). Each
replay has an engine process of its own with an empty cache and the same model. Idle time is skipped, engine
time is real (fast_forward.py); what JSON, pipes and curl take is in neither. Compare figures of one run only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks import (
    edits,
    fast_clock,  # noqa: F401
    fast_forward,
    keystrokes,
)
from benchmarks.fast_forward import FastForwardLoop
from benchmarks.llama_vim_like import LlamaVimLike
from benchmarks.metered import EngineProcess, MeteredEngine, engine_process
from benchmarks.nearside_client import NearsideClient
from benchmarks.overhead import percentile
from benchmarks.typist import Client, Figures, Typist
from inference.completer import Mechanisms
from settings.schema import Model

READY = ("cache", "speculation")
GOALS = {"evaluated": 0.5, "p50": 0.7}
PEER = "llama.vim-like"


@dataclass(frozen=True)
class Contestant:
    """A client and the engine it gets."""

    name: str
    make: Callable[[MeteredEngine, EngineProcess, float], Client]
    infill: str = ""
    """See engine_process."""
    drafts: bool = True


@dataclass(frozen=True)
class Row:
    """What one replay cost and showed. Tokens are the engine's own count, withdrawn calls included."""

    name: str
    calls: dict[str, int]
    """By priority."""
    evaluated: int
    reused: int
    generated: int
    engine_seconds: float
    keys: int
    shown: list[tuple[float, str]]
    """For each key with something shown before the next: milliseconds, and where it came from."""
    after_accepts: list[tuple[float, str]]
    accepts: int
    accepted_characters: int
    typed_characters: int
    minutes: float
    wall_seconds: float

    def ms(self, *sources: str) -> list[float]:
        return [ms for ms, source in self.shown if not sources or source in sources]

    @property
    def waited(self) -> list[float]:
        """Milliseconds where something was shown that was not there already."""
        return [ms for ms, source in self.shown if source not in READY]

    @property
    def all_keys(self) -> list[float]:
        """Milliseconds of every key; infinite where nothing came before the next."""
        return self.ms() + [float("inf")] * (self.keys - len(self.shown))


def contestants() -> list[Contestant]:
    """The rows: ours, ours less one mechanism each, ours for an editor that does not wait, and the peer.

    The peer shows whatever it gets; to compare times with it, ours without the gate is the row to look at.
    """

    def ours(
        mechanisms: Mechanisms | None = None,
        client: str = "Neovim",
        context: bool = True,
        completion: dict[str, object] | None = None,
    ):
        def make(engine: MeteredEngine, _: EngineProcess, delay: float) -> Client:
            made = NearsideClient(engine, mechanisms, delay, client, {"completion": completion or {}})
            if not context:
                made.server.context.ready = lambda document, place: ()
            return made

        return make

    def peer(engine: MeteredEngine, process: EngineProcess, delay: float) -> Client:
        return LlamaVimLike(engine, process.context(), delay)

    return [
        Contestant("nearside", ours()),
        *(Contestant(f"no {f.name}", ours(Mechanisms(**{f.name: False}))) for f in fields(Mechanisms)),
        Contestant("no context", ours(context=False)),
        Contestant("no gate", ours(completion={"show_above": 0})),
        Contestant("no drafts", ours(), drafts=False),
        Contestant("debounce", ours(client="an editor that does not wait")),
        Contestant(PEER, peer, infill="prefix-first"),
        Contestant("the same, suffix first", peer, infill="suffix-first"),
    ]


def replay(contestant: Contestant, steps: Sequence[keystrokes.Step], model: Model, delay: float) -> Row:
    began = time.monotonic()
    with engine_process(model, contestant.infill, contestant.drafts) as process:

        async def main(loop: FastForwardLoop) -> tuple[Figures, MeteredEngine]:
            engine = MeteredEngine(process.connect(), loop)
            client = contestant.make(engine, process, delay)
            figures = await Typist(client, loop).replay(steps)
            await engine.close()
            return figures, engine

        with private_folders():
            figures, engine = fast_forward.run(main)
        totals = process.totals()
    if not figures.keys:
        sys.exit(f"No figures: no key was typed into {contestant.name}.")
    return Row(
        name=contestant.name,
        calls=dict(engine.begun),
        evaluated=int(totals["prompt_tokens_evaluated_total"]),
        reused=int(totals["prompt_tokens_reused_total"]),
        generated=int(totals["generated_tokens_total"]),
        engine_seconds=totals["busy_seconds_total"],
        keys=figures.keys,
        shown=figures.shown,
        after_accepts=figures.after_accepts,
        accepts=figures.accepts,
        accepted_characters=figures.accepted_characters,
        typed_characters=figures.typed_characters,
        minutes=figures.seconds / 60,
        wall_seconds=time.monotonic() - began,
    )


@contextlib.contextmanager
def private_folders() -> Iterator[None]:
    """No settings, log or ledger of the user's."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="ns-") as folder:
        for name in [name for name in os.environ if name.startswith("NEARSIDE_")]:
            del os.environ[name]
        os.environ["HOME"] = folder
        for kind in ("CONFIG_HOME", "STATE_HOME", "CACHE_HOME", "DATA_HOME", "RUNTIME_DIR"):
            os.environ[f"XDG_{kind}"] = str(Path(folder) / kind.lower())
            Path(folder, kind.lower()).mkdir(mode=0o700)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(kept)


def header() -> str:
    return (
        f"{'':16}{'engine calls':>20}{'prompt':>10}{'gener-':>8}{'time to something shown, ms':>36}"
        f"{'keys':>7}{'ready':>8}{'of it':>8}{'accepted':>14}\n"
        f"{'':16}{'asked  ahead   warm':>20}{'tokens':>10}{'ated':>8}{'shown keys':>13}{'had to wait':>13}"
        f"{'all':>10}{'shown':>7}{'':8}{'specul.':>8}{'':>14}\n"
        f"{'':16}{'':20}{'evaluated':>10}{'tokens':>8}{'p50':>7}{'p95':>6}{'p50':>7}{'p95':>6}{'p50':>10}"
        f"{'%':>7}{'%':>8}{'%':>8}{'times chars':>14}"
    )


def line(row: Row) -> str:
    sources = Counter(source for _, source in row.shown)
    ready = sum(sources[source] for source in READY)
    keys = max(1, row.keys)
    calls = "".join(f"{row.calls.get(kind, 0):7}" for kind in ("foreground", "speculative", "warmup"))
    times = [_ms(values, share) for values in (row.ms(), row.waited) for share in (0.5, 0.95)]
    return (
        f"{row.name:16}{calls:>20}{row.evaluated:10}{row.generated:8}"
        f"{times[0]:>7}{times[1]:>6}{times[2]:>7}{times[3]:>6}{_ms(row.all_keys, 0.5):>10}"
        f"{100 * len(row.shown) / keys:7.0f}{100 * ready / keys:8.0f}"
        f"{100 * sources['speculation'] / keys:8.1f}{row.accepts:7}{row.accepted_characters:7}"
    )


def verdict(ours: Row, peer: Row) -> str:
    """Our figures as ratios to the peer's."""
    evaluated = ours.evaluated / max(1, peer.evaluated)
    waited, shown = _ratio(ours.waited, peer.waited), _ratio(ours.ms(), peer.ms())
    every = _ratio(ours.all_keys, peer.all_keys)
    return (
        f"{ours.name} / {peer.name}: evaluated {evaluated:.2f} (goal {GOALS['evaluated']}); p50 where one "
        f"had to wait {waited} (goal {GOALS['p50']}), of shown keys {shown}, of all keys {every}"
    )


def _ratio(ours: Sequence[float], peers: Sequence[float]) -> str:
    if not ours or not peers:
        return "unknown"
    mine, other = percentile(ours, 0.5), percentile(peers, 0.5)
    return "unknown" if float("inf") in (mine, other) else f"{mine / other:.2f}"


def _ms(values: Sequence[float], share: float) -> str:
    value = percentile(values, share) if values else float("nan")
    return "never" if value == float("inf") else f"{value:.1f}" if value < 10 else f"{value:.0f}"


def explained(rows: Sequence[Row], minutes: float) -> str:
    after = {row.name: row.after_accepts for row in rows}
    ready = {name: sum(source in READY for _, source in seen) for name, seen in after.items()}
    accepted = ", ".join(f"{name} {ready[name]} of {len(seen)}" for name, seen in after.items())
    about = (
        "Engine calls: by a waiting user, ahead of one, and warm-ups. Times run from the key.",
        "Shown keys: with something on the screen before the next key. Had to wait: those of them where it",
        "was not ready without an engine call. All: nothing shown counts as never. Ready, and what was made",
        "before anybody asked, are shares of all keys. Ready right after an accept, of those after which",
        f"something came: {accepted}.",
    )
    return "\n".join((f"{minutes:.0f} minutes typed.", *about))


def main() -> None:
    rows = contestants()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how much of the hour is typed")
    parser.add_argument("--skip", type=float, default=0.0, help="minutes left out before, in whole commits")
    parser.add_argument("--rows", nargs="+", metavar="NAME", choices=[row.name for row in rows])
    parser.add_argument(
        "--delay", type=float, default=0.0, help="milliseconds every editor waits before it asks"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure there")
    arguments = parser.parse_args()
    everything = keystrokes.after(edits.load(), arguments.skip)
    steps = list(keystrokes.prefix(keystrokes.steps(everything), arguments.minutes))
    done: list[Row] = []
    print(header(), flush=True)
    for contestant in rows:
        if not arguments.rows or contestant.name in arguments.rows:
            done.append(replay(contestant, steps, Model(), arguments.delay / 1000))
            print(line(done[-1]), flush=True)
    print(explained(done, sum(map(keystrokes.seconds, steps)) / 60))
    named = {row.name: row for row in done}
    for name in ("no gate", "nearside"):
        if name in named and PEER in named:
            print(verdict(named[name], named[PEER]))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in done]))


if __name__ == "__main__":
    sys.exit(main())
