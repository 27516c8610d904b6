"""Made-up projects whose names no model has seen: modules that define an API, and callers that use it.

The same seed makes the same project. One description of an API and its uses is written as Python or as
TypeScript; each use that is a hole is a name that its file has nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.invented_api import (
    PLAIN,
    VERBS,
    Names,
    Parameters,
    Routine,
    Type,
    some_parameters,
    some_routine,
)

LITERALS = {
    "int": ("0", "1", "8", "32"),
    "str": ('"main"', '"a.txt"', '"total"'),
    "float": ("0.5", "1.5"),
    "bool": ("True", "False"),
    "strs": ("[]",),
}
LOCALS = {"int": ("total", "number", "found"), "str": ("line", "result", "value"), "float": ("share", "mean"),
          "strs": ("item", "name")}  # fmt: skip
"""Names of what a call returned."""
TEMPLATES = {
    "python": {
        "int": "int", "str": "str", "float": "float", "bool": "bool", "strs": "list[str]", "": "None",
        "self": "self", "let": "{} = {}", "if": "if {}", "for": "for {} in {}", "return": "return {}",
        "class": "class {}", "method": "def {}({}) -> {}", "function": "def {}({}) -> {}", "new": "{}({})",
        "init": "def __init__({})", "import type": "from {}.{} import {}",
        "import module": "from {} import {}", "add": "{} += len({})", "block": ":", "end": "", "stop": "",
    },
    "typescript": {
        "int": "number", "str": "string", "float": "number", "bool": "boolean", "strs": "string[]",
        "": "void", "self": "this", "let": "const {} = {}", "if": "if ({})", "for": "for (const {} of {})",
        "return": "return {}", "class": "export class {}", "method": "{}({}): {}",
        "function": "export function {}({}): {}", "new": "new {}({})", "init": "constructor({})",
        "import type": "import {{ {2} }} from './{1}'", "import module": "import * as {1} from './{1}'",
        "add": "{} += {}.length", "block": " {", "end": "}", "stop": ";",
    },
}  # fmt: skip
"""How each language writes a type or a statement."""
Receiver = tuple[str, Sequence[Routine]]
MARK = "\0"
"""Stands before a hole while a file is written."""

@dataclass(frozen=True)
class Use:
    """A hole: an invented name in a caller, and where it begins."""

    path: str
    start: int
    name: str


@dataclass(frozen=True)
class Invented:
    """A project: its files by path, and the holes in them."""

    name: str
    language: str
    texts: dict[str, str]
    uses: tuple[Use, ...]


def invent(seed: int, language: str = "python", callers: int = 3) -> Invented:
    """Return the project of a seed, in Python or TypeScript."""
    chance = Random(seed)
    names = Names(chance)
    package = names.word()
    types: list[Type] = []
    for _ in range(4):
        known = [one.name for one in types]
        methods = tuple(some_routine(names, known) for _ in range(chance.randint(5, 9)))
        types.append(Type(names.type(), names.word(), some_parameters(names, chance.randint(1, 3)), methods))
    loose = {names.word(): tuple(some_routine(names, []) for _ in range(6)) for _ in range(2)}
    writer = _Writer(language, chance, package)
    texts = {writer.path(one.module): writer.define(one, types) for one in types}
    texts |= {writer.path(module): writer.functions(routines) for module, routines in loose.items()}
    uses: list[Use] = []
    for _ in range(callers):
        path, (text, starts) = writer.path(names.word()), unmarked(writer.caller(names, types, loose))
        texts[path] = text
        for start in starts:
            name = re.split(r"\W", text[start:], maxsplit=1)[0]
            if len(re.findall(rf"\b{name}\b", text)) == 1:
                uses.append(Use(path, start, name))
    return Invented(package, language, texts, tuple(uses))


def unmarked(text: str) -> tuple[str, list[int]]:
    """Return a text without its marks, and where they stood."""
    pieces, starts, at = text.split(MARK), [], 0
    for piece in pieces[:-1]:
        at += len(piece)
        starts.append(at)
    return "".join(pieces), starts


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


class _Writer:
    """Writes one file after the other, line by line."""

    def __init__(self, language: str, chance: Random, package: str) -> None:
        self.language, self.chance, self.package = language, chance, package
        self.write = TEMPLATES[language]
        self.lines: list[str] = []
        self.depth = 0

    # Pieces.

    def path(self, module: str) -> str:
        return f"{self.package}/{module}" + (".py" if self.language == "python" else ".ts")

    def case(self, name: str) -> str:
        """A member's or a local's name in the language's manner."""
        return name if self.language == "python" else _camel(name)

    def typed(self, parameters: Parameters, own: bool = False) -> str:
        """Parameters with their types, those with a default last."""
        given = ["self"] * (own and self.language == "python")
        for name, kind, default in parameters:
            value = f" = {self.literal(kind)}" if default else ""
            given.append(f"{self.case(name)}: {self.write.get(kind, kind)}{value}")
        return ", ".join(given)

    def literal(self, kind: str) -> str:
        literal = self.chance.choice(LITERALS[kind])
        return literal if self.language == "python" else literal.lower().replace('"', "'")

    def arguments(self, parameters: Parameters, scope: dict[str, str]) -> str:
        """What is passed: mostly a local of that type, else a literal, or nothing for a default."""
        given = []
        for name, kind, default in parameters:
            near = [local for local, of in scope.items() if of == kind]
            if default and self.chance.random() < 0.5:
                continue
            if near and self.chance.random() < 0.8:
                given.append(self.case(name) if self.case(name) in near else self.chance.choice(near))
            else:
                given.append(self.literal(kind))
        return ", ".join(given)

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text if text else "")

    def say(self, form: str, *parts: str) -> None:
        """Write a statement."""
        self.line((self.write[form] if form else "{}").format(*parts) + self.write["stop"])

    def open(self, form: str, *parts: str) -> None:
        self.line(self.write[form].format(*parts) + self.write["block"])
        self.depth += 1

    def close(self) -> None:
        self.depth -= 1
        if self.write["end"]:
            self.line(self.write["end"])

    def file(self) -> str:
        text, self.lines = "\n".join(self.lines).strip("\n") + "\n", []
        return text

    # Modules that define.

    def define(self, one: Type, types: Sequence[Type]) -> str:
        for other in types:
            if any(routine.returns == other.name for routine in one.methods) and other is not one:
                self.say("import type", self.package, other.module, other.name)
        self.line("")
        self.open("class", one.name)
        if self.language != "python":
            for name, kind, _ in one.made_of:
                self.say("", f"private {self.case(name)}: {self.write[kind]}")
        self.open("init", self.typed(one.made_of, own=True))
        for name, _, _ in one.made_of:
            self.say("", f"{self.write['self']}.{self.case(name)} = {self.case(name)}")
        self.close()
        for routine in one.methods:
            self.line("")
            self.routine("method", routine, types)
        self.close()
        return self.file()

    def functions(self, routines: Sequence[Routine]) -> str:
        for routine in routines:
            self.routine("function", routine, ())
            self.line("")
        return self.file()

    def routine(self, form: str, routine: Routine, types: Sequence[Type]) -> None:
        given, returns = self.typed(routine.parameters, form == "method"), routine.returns
        self.open(form, self.case(routine.name), given, self.write.get(returns, returns))
        made = next((one for one in types if one.name == returns), None)
        if made:
            self.say("return", self.write["new"].format(made.name, self.arguments(made.made_of, {})))
        elif returns:
            self.say("return", self.literal(returns))
        else:
            self.say("", f"print({', '.join(self.case(name) for name, _, _ in routine.parameters)})")
        self.close()

    # Callers.

    def caller(self, names: Names, types: Sequence[Type], loose: dict[str, tuple[Routine, ...]]) -> str:
        """A class that holds one object and is given another, and two functions with theirs."""
        first, second, third, fourth = self.chance.sample(list(types), 4)
        modules = list(loose)
        for one in (first, second, third, fourth):
            self.say("import type", self.package, one.module, one.name)
        for module in modules:
            self.say("import module", self.package, module)
        left = {routine.name for one in types for routine in one.methods}
        left |= {routine.name for routines in loose.values() for routine in routines}
        loosely = [(module, loose[module]) for module in modules]
        this, one, two = self.write["self"], self.attribute(first), self.attribute(second)
        self.line("")
        self.open("class", names.type())
        if self.language != "python":
            self.say("", f"private {one}: {first.name}")
            self.say("", f"private {two}: {second.name}")
        self.open("init", self.typed(((one, first.name, False), ("label", "str", False)), own=True))
        self.say("", f"{this}.{one} = {one}")
        made = self.write["new"].format(second.name, self.arguments(second.made_of, {"label": "str"}))
        self.say("", f"{this}.{two} = {made}")
        self.close()
        held = [(f"{this}.{one}", first.methods), (f"{this}.{two}", second.methods)]
        for _ in range(2):
            self.line("")
            self.body("method", names, (), [*held, *loosely[:1]], types, left)
        self.close()
        for given in (third, fourth):
            self.line("")
            self.body("function", names, (given,), loosely, types, left)
        return self.file()

    def attribute(self, one: Type) -> str:
        """A name for something that holds one: the second half of the type's."""
        return re.findall("[A-Z][a-z]+", one.name)[-1].lower()

    def body(
        self, form: str, names: Names, given: Sequence[Type], receivers: Sequence[Receiver],
        types: Sequence[Type], left: set[str],
    ) -> None:  # fmt: skip
        """A function of statements, each of which uses a member that the file does not use yet."""
        kinds = self.chance.sample(("int", "str", "strs", "float"), 2)
        parameters = tuple((self.chance.choice(PLAIN[kind]), kind, False) for kind in kinds)
        objects = [*receivers, *((self.attribute(one), one.methods) for one in given)]
        scope = {name: kind for name, kind, _ in parameters} | {"total": "int"}
        shown = (*((self.attribute(one), one.name, False) for one in given), *parameters)
        self.open(form, self.case(names.member()), self.typed(shown, form == "method"), self.write["int"])
        self.say("", "total = 0" if self.language == "python" else "let total = 0")
        for _ in range(self.chance.randint(4, 7)):
            receiver, routines = self.chance.choice(objects)
            free = [routine for routine in routines if routine.name in left]
            if not free:
                continue
            routine = self.chance.choice(free)
            left.discard(routine.name)
            arguments = self.arguments(routine.parameters, scope)
            call = f"{receiver}.{MARK}{self.case(routine.name)}({arguments})"
            made = next((one for one in types if one.name == routine.returns), None)
            if made and self.attribute(made) not in scope:
                scope[self.attribute(made)] = made.name
                objects.append((self.attribute(made), made.methods))
                self.say("let", self.attribute(made), call)
            elif routine.returns in ("int", "str", "float"):
                self.say("let", self.local(routine, scope), call)
            elif routine.returns == "bool":
                self.open("if", call)
                self.say("return", "total")
                self.close()
            elif routine.returns == "strs":
                item = self.local(routine, scope)
                self.open("for", item, call)
                self.say("add", "total", item)
                self.close()
            else:
                self.say("", call)
        self.say("return", "total")
        self.close()

    def local(self, routine: Routine, scope: dict[str, str]) -> str:
        """A name for what a routine returns, or for one of these: now and then its own noun."""
        verb, _, noun = routine.name.partition("_")
        own = self.chance.choice(LOCALS[routine.returns])
        if noun and verb in VERBS and self.chance.random() < 0.4:
            own = noun
        name = own if own not in scope else f"{own}{len(scope)}"
        scope[name] = "str" if routine.returns == "strs" else routine.returns
        return name
