"""Run by the Python of a throw-away environment that has aider: its repository maps at some budgets.

Reads a job as JSON from standard input, writes maps to standard output. Imports nothing of ours.
"""

import json
import sys
from pathlib import Path


class Model:
    def token_count(self, text):
        return len(text) / 4


class Io:
    def read_text(self, path, *_, **__):
        return Path(path).read_text("utf-8", "replace")

    def tool_output(self, *_, **__):
        pass

    tool_error = tool_warning = tool_output


def main():
    job = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr
    from aider.repomap import RepoMap  # pyright: ignore[reportMissingImports]

    root = Path(job["root"])
    every = [str(root / path) for path in job["files"]]
    kept, answers = {}, []
    repository = RepoMap(map_tokens=1024, root=str(root), main_model=Model(), io=Io(), refresh="always")
    for current in job["current"]:
        if current not in kept:
            here = str(root / current)
            others = [path for path in every if path != here]
            maps = []
            for tokens in job["tokens"]:
                repository.max_map_tokens = tokens
                maps.append(repository.get_repo_map([here], others) or "")
            kept[current] = maps
        answers.append(kept[current])
    json.dump(answers, out)


main()
