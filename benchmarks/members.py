"""Holes behind receivers whose members are known, found by ast in whole projects: the truth for guide.py."""

from __future__ import annotations

import ast
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.context_holes import modules
from inference.lines import split_lines
from inference.prompts import window
from inference.types import Members
from settings.schema import Completion

Function = ast.FunctionDef | ast.AsyncFunctionDef
MOST_RECEIVERS = 24
"""A request carries what is at hand, not a whole program."""


@dataclass(frozen=True)
class Hole:
    project: str
    path: str
    prefix: str
    suffix: str
    expected: str
    """The rest of the line."""
    name: str
    """The member's."""
    at_member: bool
    """Whether the cursor stands at the member, not at the line's beginning."""
    known: bool
    members: Members
    stub_path: str
    stub: str


@dataclass(eq=False)
class Owner:
    """A class or a module."""

    path: str
    node: ast.ClassDef | ast.Module

    @cached_property
    def own(self) -> dict[str, str]:
        """Names of members to a line that shows them."""
        found: dict[str, str] = {}
        for node in self.node.body:
            if isinstance(node, Function):
                found.setdefault(node.name, f"def {node.name}({ast.unparse(node.args)})")
                if isinstance(self.node, ast.ClassDef):
                    for inner in ast.walk(node):
                        if not (isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)):
                            continue
                        if isinstance(inner.value, ast.Name) and inner.value.id == "self":
                            found.setdefault(inner.attr, f"self.{inner.attr}")
            elif isinstance(node, ast.ClassDef):
                found.setdefault(node.name, f"class {node.name}")
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.setdefault(node.target.id, f"{node.target.id}: {ast.unparse(node.annotation)}")
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, target.id)
        return found


class Project:
    """Texts of one project and the classes in them."""

    def __init__(self, name: str, texts: dict[str, str]) -> None:
        self.name, self.texts = name, texts
        self.trees: dict[str, ast.Module] = {}
        self.classes: dict[str, list[Owner]] = {}
        self.modules: dict[str, Owner] = {}
        self.attributes: dict[ast.ClassDef, dict[str, Owner]] = {}
        for path, text in texts.items():
            try:
                tree = self.trees[path] = ast.parse(text)
            except (SyntaxError, ValueError):
                continue
            self.modules[path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = Owner(
                path, tree
            )
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    self.classes.setdefault(node.name, []).append(Owner(path, node))

    def find(self, name: str, path: str) -> Owner | None:
        """The class of this name: the file's own, or the project's only one."""
        owners = self.classes.get(name.rpartition(".")[2], [])
        near = [owner for owner in owners if owner.path == path]
        return near[0] if near else owners[0] if len(owners) == 1 else None

    def members(self, owner: Owner, depth: int = 6) -> dict[str, tuple[Owner, str]]:
        """All members, with inherited ones, to where each is defined."""
        found = {name: (owner, shown) for name, shown in owner.own.items()}
        if isinstance(owner.node, ast.ClassDef) and depth:
            for base in owner.node.bases:
                above = self.find(ast.unparse(base), owner.path)
                if above and above is not owner:
                    for name, place in self.members(above, depth - 1).items():
                        found.setdefault(name, place)
        return found

    def receivers(self, path: str, function: Function, inside: ast.ClassDef | None) -> dict[str, Owner]:
        """Expressions of a function whose type is a class or a module of the project."""
        found: dict[str, Owner] = {}
        if inside:
            if inside not in self.attributes:
                own = self.find(inside.name, path) or Owner(path, inside)
                typed = self.attributes[inside] = {"self": own}
                for node in ast.walk(inside):
                    self._typed(path, node, typed, "self.")
            found |= self.attributes[inside]
        for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
            if argument.annotation and (owner := self._annotated(argument.annotation, path)):
                found[argument.arg] = owner
        for node in ast.walk(function):
            self._typed(path, node, found, "")
        package = path.replace("/", ".").split(".")[:-2]
        for node in self.trees[path].body:
            if isinstance(node, ast.ImportFrom):
                base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
                for alias in node.names:
                    parts = (base, node.module or "", alias.name)
                    owner = self.modules.get(".".join(part for part in parts if part))
                    owner = owner or self.find(alias.name, path)
                    if owner:
                        found.setdefault(alias.asname or alias.name, owner)
        return found

    def _typed(self, path: str, node: ast.AST, found: dict[str, Owner], start: str) -> None:
        """Note the type of what a statement assigns, a name or an attribute of self."""
        owner, targets = None, []
        if isinstance(node, ast.AnnAssign):
            owner, targets = self._annotated(node.annotation, path), [node.target]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called = ast.unparse(node.value.func)
            owner = self.find(called, path) if re.fullmatch(r"[\w.]+", called) else None
            targets = node.targets
        for target in targets if owner else ():
            written = ast.unparse(target)
            if owner and re.fullmatch(re.escape(start) + r"\w+", written):
                found.setdefault(written, owner)

    def _annotated(self, annotation: ast.expr, path: str) -> Owner | None:
        written = ast.unparse(annotation).strip("'\"").removesuffix(" | None")
        optional = re.fullmatch(r"Optional\[(.+)\]", written)
        written = optional[1] if optional else written
        return self.find(written, path) if re.fullmatch(r"[\w.]+", written) else None


def ours() -> dict[str, str]:
    return modules()


def from_wheel(wheel: Path) -> dict[str, str]:
    """Python files of a wheel, without tests and what is vendored."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
        names = [name for name in names if not re.search(r"(^|/)(tests?|vendor|_vendor|brain)/", name)]
        return {name: archive.read(name).decode("utf-8", "replace").replace("\r\n", "\n") for name in names}


def holes(project: Project, kind: str, chance: Random, most: int) -> list[Hole]:
    """At most `most` holes: at members of an 'other file', of the 'own file', or whole 'line's."""
    paths = chance.sample(list(project.trees), len(project.trees))
    places = list(islice(_places(project, paths, kind == "own file"), 4 * most))
    return [_hole(project, *place, kind, chance) for place in chance.sample(places, min(most, len(places)))]


def _places(
    project: Project, paths: Sequence[str], own: bool
) -> Iterator[tuple[str, ast.Attribute, dict[str, Owner], str]]:
    for path in paths:
        tree = project.trees[path]
        functions = [(node, None) for node in tree.body if isinstance(node, Function)]
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                functions += [(inner, node) for inner in node.body if isinstance(inner, Function)]
        for function, inside in functions:
            receivers = project.receivers(path, function, inside)
            for node in ast.walk(function):
                if not isinstance(node, ast.Attribute) or node.end_lineno != node.value.end_lineno:
                    continue
                receiver = ast.unparse(node.value)
                if owner := receivers.get(receiver):
                    place = project.members(owner).get(node.attr)
                    elsewhere = (place[0] if place else owner).path != path
                    if elsewhere != own:
                        yield path, node, receivers, receiver


def _hole(
    project: Project,
    path: str,
    node: ast.Attribute,
    receivers: dict[str, Owner],
    receiver: str,
    kind: str,
    chance: Random,
) -> Hole:
    lines = split_lines(project.texts[path])
    number = (node.end_lineno or 1) - 1
    line = lines[number].rstrip("\n")
    column = len(line.encode()[: node.end_col_offset].decode()) - len(node.attr)
    cursor = column + (chance.choice((1, 2)) if len(node.attr) > 3 and chance.random() < 0.3 else 0)
    if kind == "line":
        cursor = len(line) - len(line.lstrip())
    expected = line[cursor:].rstrip()
    rest = [*lines[:number], line[:cursor] + "\n", *lines[number + 1 :]]
    prefix, suffix = window(rest, number, cursor, Completion())
    here = {name: owner for name, owner in receivers.items() if name in project.texts[path]}
    kept = [receiver, *(name for name in here if name != receiver)][:MOST_RECEIVERS]
    members = tuple((name, tuple(project.members(receivers[name]))) for name in kept)
    owner = receivers[receiver]
    places = project.members(owner)
    stub_owner = places[node.attr][0] if node.attr in places else owner
    shown = [text for place, text in places.values() if place.path == stub_owner.path]
    title = f"class {stub_owner.node.name}:" if isinstance(stub_owner.node, ast.ClassDef) else ""
    stub = "\n".join([title] * bool(title) + [f"{'    ' * bool(title)}{text}" for text in shown]) + "\n"
    return Hole(
        project.name, path, prefix, suffix, expected, node.attr, kind != "line", node.attr in places, members,
        stub_owner.path, stub,
    )  # fmt: skip
