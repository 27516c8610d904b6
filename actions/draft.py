"""What a local model is asked for an action, and what of its answer becomes new texts of files.

It rewrites one part of one file: there is nothing to match, and the syntax tree says what the part is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from actions.fence import code_for, without_thoughts
from actions.kinds import Kind
from actions.musing import without_musing
from actions.target import Target
from inference.types import Snippet

SYSTEM = """\
You change source code. You get one part of a file and what is to be done with it.
Answer with the whole new text of that part, in one fenced code block, and with nothing else. Keep what the
task does not ask you to change: names, parameters, comments, blank lines. Write no explanation into the code.
Other code that you are shown is there to be used, not to be repeated."""
EXPLAIN = """\
You explain source code to a programmer who reads it for the first time. Answer in Markdown: one sentence on
what it is for, then how it works in the order things happen, then what is surprising or fragile. Quote names
as the code writes them. Do not repeat the code."""
TESTS = """\
You write tests. You get one part of a file. Answer with the whole text of a test file for it, in one fenced
code block, and with nothing else: the imports it needs, then small tests that each check one behaviour by
what goes in and comes out, edges and errors included. Use the test framework that is named."""
ABOUT = {
    "fix-diagnostic": "Fix this problem, which a tool reports, without hiding it:",
    "fix-test": "A test fails. The mistake may be in this part. Make it pass without special cases for it:",
    "implement": "Implement this part as its name, signature, comments and the tests that are shown say.",
    "write-tests": "Write tests for this part.",
    "refactor": "Refactor this part. What it does must not change. The instruction:",
    "add-feature": "Add to this part. What it does now must go on working. The instruction:",
    "security": "Find the security problem in this part and fix it. What honest callers get must not change.",
    "optimise": "Make this part faster by a better algorithm, not by tricks. Its results stay the same.",
    "document": "Document this part as its language does it. Change nothing but comments and documentation.",
    "explain": "Explain this part.",
}
ABOVE, BELOW = 30, 10
"""Lines of the file that are shown round the part."""
MOST_NUMBERED = 100
LONGEST_PROBLEM = 4000
"""Characters of what a tool said: its end, where test runners say what failed."""


@dataclass(frozen=True, slots=True)
class Task:
    """One action at one place."""

    kind: Kind
    path: str
    """Of the file, relative to the project."""
    language: str
    text: str = field(repr=False)
    """The file as the editor has it."""
    target: Target = field(repr=False)
    instruction: str = ""
    """The user's words."""
    problem: str = ""
    """What a tool says: a diagnostic, or the output of the tests that fail."""
    context: tuple[Snippet, ...] = ()
    """Other code that matters here, to be read."""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Other files as they are, by path; a hosted model is shown them, and may edit them too."""
    framework: str = ""
    """What tests are written with."""
    tests_path: str = ""
    """Of the file that tests are written into, which is a new one."""


@dataclass(frozen=True, slots=True)
class Tried:
    """An answer that did not pass."""

    answer: str
    check: str
    """The step of the ladder that failed."""
    why: str
    """What the model is told about it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """New texts by path, or an explanation; or the reason why an answer is none."""

    texts: Mapping[str, str] = field(default_factory=dict)
    explanation: str = ""
    reason: str = ""
    confidence: float | None = None
    """The mean probability of the answer's tokens, geometrically; None where the model does not say."""


def turns(task: Task, tried: Sequence[Tried] = ()) -> tuple[tuple[str, str], ...]:
    """Return the conversation to be continued: the task, and the last answer with what is wrong with it.

    Earlier answers are left out: small models repeat what they see.
    """
    system = {"explain": EXPLAIN, "write-tests": TESTS}.get(task.kind.name, SYSTEM)
    said = [("system", system), ("user", _asked(task))]
    if tried:
        last = tried[-1]
        said.append(("assistant", last.answer))
        said.append(("user", f"That does not pass ({last.check}): {last.why}\nWrite the whole of it again."))
    return tuple(said)


def drafted(task: Task, answer: str) -> Draft:
    """Return what an answer makes of the project's files."""
    if task.kind.name == "explain":
        return explained(answer)
    if task.kind.name == "write-tests":
        path = task.tests_path or path_of_tests(task.path, task.language)
        code = code_for(answer, path, task.target.name.rpartition(".")[2])
        text = without_musing(code.text, "", task.language)
        return Draft({path: text}) if text else Draft(reason=code.reason or "its code is only thoughts")
    code = code_for(answer, task.path, task.target.name.rpartition(".")[2])
    if not code.text:
        return Draft(reason=code.reason)
    text = without_musing(task.target.replaced(task.text, code.text), task.text, task.language)
    if text == task.text:
        return Draft(reason="the model changed nothing")
    return Draft({task.path: text})


def explained(answer: str) -> Draft:
    """Return an explanation as a draft, which changes nothing."""
    words = without_thoughts(answer).strip()
    return Draft(explanation=words + "\n") if words else Draft(reason="the model wrote nothing")


def path_of_tests(
    path: str, language: str, taken: Callable[[str], bool] = lambda path: False, *, flat: bool = False
) -> str:
    """Return where tests of a file are written, by its language's habit; a number makes it a new file.

    `flat` is for suites that look into no folder of tests that is not a package.
    """
    file = PurePosixPath(path)
    if flat and language == "python":
        file = PurePosixPath(file.name)
    for number in ("", *(f"_{number}" for number in range(2, MOST_NUMBERED))):
        found = _path_of_tests(file, language, number)
        if not taken(found):
            break
    return found


def _path_of_tests(file: PurePosixPath, language: str, number: str) -> str:
    match language:
        case "python":
            parts = file.parts[1:] if file.parts[0] in ("src", "lib") else file.parts
            return PurePosixPath("tests", *parts[:-1], f"test_{file.stem}{number}.py").as_posix()
        case "go":
            return file.with_name(f"{file.stem}{number}_test.go").as_posix()
        case "rust":
            return PurePosixPath("tests", f"{file.stem}{number}.rs").as_posix()
        case "java" | "kotlin":
            folder = file.parent.as_posix().replace("/main/", "/test/")
            return f"{folder}/{file.stem}Test{number.removeprefix('_')}{file.suffix}"
        case _:
            return file.with_name(f"{file.stem}{number}.test{file.suffix}").as_posix()


def _asked(task: Task) -> str:
    target, lines = task.target, task.text.splitlines()
    above = "\n".join(lines[max(0, target.first - ABOVE) : target.first])
    below = "\n".join(lines[target.last + 1 : target.last + 1 + BELOW])
    what = f"the {target.kind} `{target.name}`" if target.name else "some lines"
    parts = [f"Code of other files:\n{fenced(one.text, one.path)}" for one in task.context]
    if above.strip():
        parts.append(f"What stands above the part in {task.path}:\n{fenced(above, task.language)}")
    if below.strip():
        parts.append(f"What stands below it:\n{fenced(below, task.language)}")
    parts.append(f"The part, {what} of {task.path}:\n{fenced(target.text, task.language)}")
    if task.framework:
        parts.append(f"The test framework: {task.framework}")
    about = ABOUT[task.kind.name]
    parts.append(
        "\n".join(filter(None, (about, task.instruction.strip(), task.problem[-LONGEST_PROBLEM:].strip())))
    )
    return "\n\n".join(parts)


def fenced(text: str, info: str) -> str:
    """Return text in a fence that is longer than any it holds."""
    longest = max(
        (len(line) - len(line.lstrip("`")) for line in map(str.lstrip, text.split("\n"))), default=0
    )
    marks = "`" * max(3, longest + 1)
    return f"{marks}{info}\n{text.rstrip()}\n{marks}"
