"""Programs that are not ours, each in an environment of its own: jedi for golds, aider beside us."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from benchmarks.retrieval.golds import Gold
from benchmarks.retrieval.packages import Unavailable, home

HERE = Path(__file__).parent
REQUIREMENTS = {"jedi": "jedi==0.19.2", "aider": "aider-chat==0.86.2"}


def python(name: str) -> Path:
    """Return the interpreter of a throw-away environment with one program in it. Raises Unavailable."""
    if given := os.environ.get(f"BENCHMARK_{name.upper()}_PYTHON"):
        return Path(given)
    folder = home() / "environments" / REQUIREMENTS[name]
    interpreter = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "done"
    if not done.exists():
        print(f"Installing {REQUIREMENTS[name]} into {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        command = [str(interpreter), "-m", "pip", "install", "-q", REQUIREMENTS[name]]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=1200)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(
                f"{REQUIREMENTS[name]} is not asked, because pip could not install it; go online, or set "
                f"BENCHMARK_{name.upper()}_PYTHON to a Python that has it"
            ) from error
        done.touch()
    return interpreter


def ask(name: str, script: str, job: dict[str, Any], seconds: float) -> Any:
    """Run a script of ours in there, a job in and an answer out as JSON. Raises Unavailable."""
    command = [str(python(name)), "-P", str(HERE / script)]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
            cwd=home(),
        )
        return json.loads(done.stdout.strip().split("\n")[-1])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", None) or str(error)
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise Unavailable(f"{name} did not answer for {job['root']}: {said.strip()[-300:]}") from error


def golds_by_jedi(root: Path, wanted: int, per_file: int, seed: int) -> list[Gold]:
    """Return golds of a Python package, from the cache if the same were asked for. Raises Unavailable."""
    job = {
        "root": str(root),
        "wanted": wanted,
        "per_file": per_file,
        "tries": 12,
        "seconds": 240,
        "seed": seed,
    }
    script = (HERE / "jedi_golds.py").read_bytes()
    key = hashlib.sha256(script + json.dumps({**job, "root": root.name}).encode()).hexdigest()[:16]
    kept = home() / "golds" / f"{root.name}-{key}.json"
    if not kept.exists():
        print(f"{root.name}: asking jedi", file=sys.stderr)
        found = ask("jedi", "jedi_golds.py", job, job["seconds"] + 120)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found), encoding="utf-8")
    return [Gold(**one) for one in json.loads(kept.read_text(encoding="utf-8"))]
