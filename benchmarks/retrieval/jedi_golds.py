"""Run by the Python of a throw-away environment that has jedi: finds uses of names and their definitions.

Reads a job as JSON from standard input, writes a list of golds to standard output. Imports nothing of ours.
"""

import ast
import io
import json
import keyword
import random
import sys
import time
import tokenize
from pathlib import Path

KINDS = ("class", "function", "statement", "property")


def first_uses(text):
    """Yield (name, line from 1, column) of the first place outside imports where each name stands."""
    inside = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            inside.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    seen, before = set(), ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.start[0] not in inside:
            name = token.string
            known = name in seen or keyword.iskeyword(name)
            seen.add(name)
            if not known and len(name) > 2 and not name.startswith("__") and before not in ("def", "class"):
                yield name, token.start[0], token.start[1]
        before = token.string


def root_of(line, column, name):
    """Return what stands before the dots of a use, `a` of `a.b.name`; the name where there are none."""
    at, root = column, name
    while at > 0 and line[at - 1] == ".":
        start = at - 1
        while start > 0 and (line[start - 1].isalnum() or line[start - 1] == "_"):
            start -= 1
        if start == at - 1:
            return ""
        root, at = line[start : at - 1], start
    return root


def main():
    import jedi  # pyright: ignore[reportMissingImports]

    job = json.load(sys.stdin)
    root = Path(job["root"]).resolve()
    chance = random.Random(job["seed"])
    roots = [str(folder) for folder in (root / "src", root) if folder.is_dir()]
    installed = [folder for folder in sys.path[1:] if "site-packages" not in folder]
    project = jedi.Project(str(root), sys_path=roots + installed, smart_sys_path=False)
    files = sorted(path for path in root.rglob("*.py"))
    chance.shuffle(files)
    golds, end = [], time.monotonic() + job["seconds"]
    for path in files:
        if len(golds) >= job["wanted"] or time.monotonic() > end:
            break
        try:
            text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
            uses = list(first_uses(text))
        except (OSError, UnicodeDecodeError, SyntaxError, ValueError, tokenize.TokenError):
            continue
        chance.shuffle(uses)
        script = jedi.Script(text, path=str(path), project=project)
        lines, found = text.split("\n"), 0
        for name, line, column in uses[: job["tries"]]:
            if found >= job["per_file"]:
                break
            try:
                to = script.goto(line, column, follow_imports=True)
            except Exception:  # jedi gives up on some code
                continue
            if not to or to[0].type not in KINDS or to[0].name != name or not to[0].module_path:
                continue
            where = Path(to[0].module_path).resolve()
            if where == path or where.suffix != ".py" or root not in where.parents:
                continue
            found += 1
            golds.append(
                {
                    "path": path.relative_to(root).as_posix(),
                    "line": line - 1,
                    "column": column,
                    "name": name,
                    "gold_path": where.relative_to(root).as_posix(),
                    "gold_line": to[0].line - 1,
                    "kind": to[0].type,
                    "root": root_of(lines[line - 1], column, name),
                }
            )
    json.dump(golds, sys.stdout)


main()
