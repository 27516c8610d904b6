"""The actions there are: what each is called, where it applies, and what it asks the user for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal["diagnostic", "test", "function", "symbol", "selection"]
"""What must be there: a problem some server reported, a test, a function, any definition, or a selection or
definition."""
Checked = Literal["tests", "same code", "nothing"]
"""What decides about a draft beside parsing and lint: the project's tests; that nothing but comments and
documentation differs; nothing, as there is no edit."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One action."""

    name: str
    """As the command line takes it."""
    title: str
    """As a menu shows it; `{name}` is the symbol's name, `{message}` the diagnostic's."""
    lsp_kind: str
    """The protocol's kind of code action."""
    task: str
    """Which of the kinds of task that published comparisons run it is; empty where of none."""
    where: Where
    checked: Checked = "tests"
    instruction: str = ""
    """What the user is asked for, if anything."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind("fix-diagnostic", "Fix: {message}", "quickfix", "bug fix", "diagnostic"),
        Kind("fix-test", "Fix the code until {name} passes", "quickfix", "debugging", "test"),
        Kind("implement", "Implement {name}", "refactor.rewrite", "implementing from test specs", "function"),
        Kind("write-tests", "Write tests for {name}", "refactor", "test-driven development", "function"),
        Kind(
            "refactor", "Refactor {name} …", "refactor.rewrite", "refactoring", "selection",
            instruction="How should it be refactored?",
        ),
        Kind(
            "add-feature", "Add to {name} …", "refactor.rewrite", "feature addition", "selection",
            instruction="What should be added?",
        ),
        Kind("security", "Find and fix a security problem in {name}", "refactor.rewrite", "security patch",
             "symbol"),
        Kind("optimise", "Make {name} faster", "refactor.rewrite", "algorithm optimisation", "function"),
        Kind("document", "Document {name}", "refactor.rewrite", "", "symbol", checked="same code"),
        Kind("explain", "Explain {name}", "refactor", "", "selection", checked="nothing"),
    )
}  # fmt: skip
"""By name, in the order menus show them."""
TASKS = (
    "bug fix",
    "test-driven development",
    "refactoring",
    "feature addition",
    "security patch",
    "debugging",
    "implementing from test specs",
    "algorithm optimisation",
)
"""The eight kinds of task of published comparisons of models in a harness."""
