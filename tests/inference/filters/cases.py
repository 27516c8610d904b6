"""Bad outputs written after what users report: twelve forms of each fault, at places in eight languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inference.prompts import CursorContext


@dataclass(frozen=True)
class Case:
    fault: str
    context: CursorContext
    output: str
    expected: str


@dataclass(frozen=True)
class Spot:
    """A blank line in a function, what belongs there, and how the language writes a comment."""

    language: str
    prefix: str
    suffix: str
    good: str
    mark: str = "//"


SPOTS = (
    Spot(
        "python",
        "import os\n\n\ndef size(path):\n    ",
        "\n\n\ndef main():\n    print(size('.'))\n",
        "info = os.stat(path)\n    return info.st_size",
        "#",
    ),
    Spot(
        "javascript",
        "function area(shape) {\n  const { width, height } = shape;\n  ",
        "\n}\n\nmodule.exports = area;\n",
        "if (!width) return 0;\n  return width * height;",
    ),
    Spot(
        "typescript",
        "export function first<T>(items: T[]): T | undefined {\n  ",
        "\n}\n\nexport const none = [];\n",
        "const [head] = items;\n  return head;",
    ),
    Spot(
        "go",
        "package geo\n\nfunc Area(w, h int) int {\n\t",
        "\n}\n\nfunc Zero() int { return 0 }\n",
        "area := w * h\n\treturn area",
    ),
    Spot(
        "rust",
        "pub fn mean(values: &[f64]) -> f64 {\n    ",
        "\n}\n\npub struct Empty;\n",
        "let sum: f64 = values.iter().sum();\n    sum / values.len() as f64",
    ),
    Spot(
        "c",
        "#include <string.h>\n\nint same(const char *a, const char *b)\n{\n    ",
        "\n}\n\nint unused;\n",
        "int order = strcmp(a, b);\n    return order == 0;",
    ),
    Spot(
        "lua",
        "local M = {}\n\nfunction M.trim(text)\n  ",
        "\nend\n\nreturn M\n",
        "local bare = text:match('^%s*(.-)%s*$')\n  return bare",
        "--",
    ),
    Spot(
        "java",
        "class Counter {\n    private int count;\n\n    int next() {\n        ",
        "\n    }\n\n    void reset() { count = 0; }\n}\n",
        "count = count + 1;\n        return count;",
    ),
)

TOKENS = (
    "GOOD<|endoftext|>",
    "GOOD<|fim_middle|>GOOD",
    "<|fim_middle|>GOOD",
    "GOOD<|file_sep|>src/b.txt\nmore",
    "GOOD<fim_suffix>\nmore",
    "GOOD <EOT>",
    "GOOD<｜end▁of▁sentence｜>",
    "GOOD\n<|im_end|>\n<|im_start|>user",
    "GOOD</s>",
    "GOOD<|repo_name|>shop\n<|file_sep|>",
    "<|fim_prefix|><|fim_suffix|><|fim_middle|>GOOD<|fim_pad|>",
    "GOOD[SUFFIX]\n}",
)
THOUGHTS = (
    "<think>The user wants a body.</think>\nGOOD",
    "<think>\nLet me see:\n1. read\n2. return\n</think>\n\nGOOD",
    "<think>short</think>GOOD",
    "<reasoning>It returns a value.</reasoning>\nGOOD",
    "GOOD\n<think>Was that right?</think>",
    "<thinking>\n</thinking>\nGOOD",
    "I should return it.</think>\nGOOD",
    "GOOD\n<think>Now the next function, which",
    "<scratchpad>x = 1\n</scratchpad>\nGOOD",
    "<think>a</think>\n<think>b</think>\nGOOD",
    "GOOD\n<reflection>fine</reflection>\n",
    "First, consider the input.\nThen answer.\n</think>\n\nGOOD",
)
FENCES = (
    "```\nGOOD\n```",
    "```LANGUAGE\nGOOD\n```",
    "```LANGUAGE\nGOOD",
    "GOOD\n```",
    "GOOD\n```\n\nThis returns the result.",
    "Here is the code:\n```LANGUAGE\nGOOD\n```\nIt works.",
    "Sure! Here's the completed function:\n\n```\nGOOD\n```",
    "~~~\nGOOD\n~~~",
    "```LANGUAGE\nGOOD\n```\n```LANGUAGE\nGOOD\n```",
    "GOOD\n```LANGUAGE\nmain()\n```",
    "The missing code is:\n\n```\nGOOD\n```",
    "   ```LANGUAGE\nGOOD\n   ```",
)
PROSE = (
    "Here is the completed code:\nGOOD",
    "Sure, I can help with that.\n\nGOOD",
    "GOOD\n\nThis function returns the result of the call.",
    "Certainly! Below is the body.\nGOOD",
    "GOOD\nNote that the input is not checked.",
    "To complete the function, we return it.\nGOOD",
    "GOOD\n\nExplanation:\nThe value is computed first.",
    "The following code does what you want:\n\nGOOD",
    "I'll complete the function for you.\nGOOD",
    "GOOD\n\n1. First the value is computed and kept.\n2. Then it is returned to the caller.",
    "The code above needs a body.\nGOOD\nYou can now call the function.",
    "GOOD\nPlease note that this has not been tested.",
)
LICENCES = (
    "GOOD\n\nMARK Copyright (c) 2019 Example Inc.\nMARK All rights reserved.",
    "MARK Copyright 2021 The Authors\nGOOD",
    "MARK SPDX-License-Identifier: MIT\nGOOD",
    "GOOD\nMARK Licensed under the Apache License, Version 2.0",
    "MARK Permission is hereby granted, to all\nMARK who obtain a copy of this software\nGOOD",
    "GOOD\nMARK\nMARK Copyright (C) 2012 Somebody\nMARK\n",
    "MARK Redistribution and use in source and binary forms are permitted\nGOOD",
    "MARK This file is under the GNU General Public License.\nGOOD",
    "MARK ------\nMARK Copyright (c) 2020\nMARK ------\nGOOD",
    "GOOD\nMARK Copyright © Example",
    "GOOD\n\nMARK Licensed under the MIT licence.\nMARK See LICENSE.",
    "MARK ALL RIGHTS RESERVED\nGOOD",
)
PATHS = (
    "MARK src/app/main.py\nGOOD",
    "MARK Path: lib/util.js\nGOOD",
    "GOOD\nMARK File: other.go\nx",
    "MARK filepath: a/b.rs\nGOOD",
    "GOOD\n\nMARK tests/test_area.py\nassert 1",
    "src/other/module.ts\nGOOD",
    "GOOD\nMARK path: include/same.h",
    "MARK ./src/index.js\nGOOD",
    "GOOD\n\nlib/core/base.lua\nreturn nil",
    "MARK Filename: Counter.java\nGOOD",
    "GOOD\nMARK pkg/geo/area_test.go\npackage geo",
    "MARK app/models/user.rb\nMARK app/models/base.rb\nGOOD",
)
DIFFS = (
    "GOOD\ndiff --git a/x b/x",
    "GOOD\n@@ -1,3 +1,4 @@\n def f",
    "GOOD\n--- a/src/main.c\n+++ b/src/main.c",
    "GOOD\n+++ b/x.go\n+x",
    "GOOD\nindex 83db48f..bf269f4 100644",
    "GOOD\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> main",
    "GOOD\n>>>>>>> feature",
    "GOOD\n@@ -12 +14 @@",
    "GOOD\n--- /dev/null\n+++ b/new",
    "GOOD\n*** Begin Patch\n*** Update File: a",
    "GOOD\n\ndiff --git a/LICENSE b/LICENSE\nnew file mode 100644",
    "GOOD\n*** End Patch",
)
PLACEHOLDERS = (
    "GOOD\nMARK ... existing code ...",
    "GOOD\nMARK rest of the code",
    "GOOD\nMARK ... rest of the file unchanged ...",
    "GOOD\nMARK your code here",
    "GOOD\nMARK Your code goes here",
    "GOOD\nMARK Add your code here",
    "GOOD\nMARK ... remaining implementation ...",
    "GOOD\nMARK existing code here\nx",
    "GOOD\nMARK [rest of the code]",
    "GOOD\nMARK … rest of implementation …",
    "GOOD\nMARK insert your logic here",
    "GOOD\nMARK ... more code ...",
)
JUNK = (
    "GOOD\ufffd",
    "GOOD\x00\x00",
    "GOOD\n\ufffd\ufffd",
    "GOOD\x1b[0m",
    "GOOD\x08x",
    "GOOD\n\x00",
    "GOOD\x7f",
    "GOOD \ufffdmore",
    "GOOD\n\n\n",
    "GOOD   ",
    "GOOD\x01y\nz",
    "GOOD\x0e",
)

FORMS = {
    "special tokens": TOKENS,
    "thoughts": THOUGHTS,
    "fences": FENCES,
    "prose": PROSE,
    "licences": LICENCES,
    "paths": PATHS,
    "diffs": DIFFS,
    "placeholders": PLACEHOLDERS,
    "no text": JUNK,
}


def written() -> Iterator[Case]:
    """Every form at a spot; which spot goes round, so that each fault meets every language."""
    for turn, (fault, forms) in enumerate(FORMS.items()):
        for number, form in enumerate(forms):
            spot = SPOTS[(number + turn) % len(SPOTS)]
            output = (
                form.replace("MARK", spot.mark).replace("LANGUAGE", spot.language).replace("GOOD", spot.good)
            )
            yield Case(fault, _context(spot.language, spot.prefix, spot.suffix), output, spot.good)
    for fault, rows in BY_PLACE.items():
        for language, text, output, expected in rows:
            prefix, _, suffix = text.partition("|")
            yield Case(fault, _context(language, prefix, suffix), output, expected)


def _context(language: str, prefix: str, suffix: str) -> CursorContext:
    return CursorContext("file:///case", prefix, suffix, language=language)


# Faults that are about the place: language, text with the cursor (`|`), what the model wrote, what is shown.
BY_PLACE: dict[str, list[tuple[str, str, str, str]]] = {
    "lines below": [
        (
            "python",
            "def f(a):\n    |\n    return total\n",
            "total = sum(a)\n    return total",
            "total = sum(a)",
        ),
        ("python", "x = 1\n|\nprint(x, y)\nprint(z)\n", "y = 2\nprint(x, y)\nprint(z)", "y = 2"),
        ("python", "def f():\n    |\n    return [1, 2, 3]\n", "go()\n    return [1, 2, 3,]", "go()"),
        (
            "javascript",
            "function f(a) {\n  |\n  return total;\n}\n",
            "let total = a;\n  return total;\n}",
            "let total = a;",
        ),
        ("javascript", "start();\n|\nfinish('now');\n", 'finish("now");', ""),
        (
            "typescript",
            "class A {\n  run(): void {\n    |\n    this.stop();\n  }\n}\n",
            "this.go();\n    this.stop();\n  }",
            "this.go();",
        ),
        (
            "go",
            "package a\n\nfunc f() error {\n\t|\n\treturn finish(a)\n}\n",
            "a := 1\n\treturn finish(a)\n}",
            "a := 1",
        ),
        (
            "rust",
            "fn f() -> i32 {\n    |\n    compute(a)\n}\n",
            "let a = 1;\n    compute(a)\n}",
            "let a = 1;",
        ),
        (
            "c",
            "int f(void)\n{\n    |\n    return value;\n}\n",
            "int value = 1;\n    return value;",
            "int value = 1;",
        ),
        (
            "lua",
            "local function f()\n  |\n  return value\nend\n",
            "local value = 1\n  return value\nend",
            "local value = 1",
        ),
        (
            "java",
            "class A {\n    int f() {\n        |\n        return value;\n    }\n}\n",
            "int value = 1;\n        return value;\n    }",
            "int value = 1;",
        ),
        (
            "c",
            "void f(void)\n{\n    |\n    first_step(1);\n    second_step(2);\n}\n",
            "first_step(1);\n    second_step(2);",
            "",
        ),
    ],
    "lines above": [
        ("python", "value = read()\nother = parse(value)\n|\n", "value = read()\nother = parse(value)\n", ""),
        ("python", "    self.total = 0\n    |\n", "self.total = 0", ""),
        (
            "javascript",
            "const a = load();\nconst b = parse(a);\n|\n",
            "const a = load();\nconst b = parse(a);",
            "",
        ),
        ("javascript", "render(page);\n|\n", "render(page);\nrender(page);", ""),
        ("typescript", "const size: number = 1;\n|\n", "const size: number = 1;", ""),
        ("go", "package a\n\nfunc f() {\n\topen(file)\n\t|\n}\n", "open(file)", ""),
        (
            "rust",
            "fn f() {\n    let list = make();\n    sort(list);\n    |\n}\n",
            "let list = make();\n    sort(list);",
            "",
        ),
        ("c", "int f(void)\n{\n    step_one(1);\n    |\n}\n", "step_one(1);", ""),
        (
            "lua",
            "local a = require('a')\nlocal b = require('b')\n|\n",
            "local a = require('a')\nlocal b = require('b')",
            "",
        ),
        ("java", "class A {\n    void f() {\n        run(task);\n        |\n    }\n}\n", "run(task);", ""),
        ("python", "import os\nimport sys\n|\n", "import os\nimport sys\nimport os\nimport sys", ""),
        ("lua", "print(name)\npri|\n", "nt(name)", ""),
    ],
    "loops": [
        ("python", "|\n", "go_on(1)\ngo_on(1)\ngo_on(1)\ngo_on(1)", "go_on(1)"),
        (
            "python",
            "def f():\n    |\n",
            "load_it(a)\n    save_it(a)\n    load_it(a)\n    save_it(a)",
            "load_it(a)\n    save_it(a)",
        ),
        ("javascript", "|\n", "let a = 1;\nrun(a);\nrun(a);\nrun(a);", "let a = 1;\nrun(a);"),
        ("javascript", "x = |\n", "a.b.a.b.a.b.a.b.a.b.a.b.a.b.a.b.a.b.a.b", ""),
        (
            "typescript",
            "|\n",
            "push(x1);\npush(x2);\npush(x3);\npush(x4);\npush(x5);\npush(x6);",
            "push(x1);\npush(x2);\npush(x3);",
        ),
        ("go", "package a\n\nfunc f() {\n\t|\n}\n", "step(a)\n\tstep(a)\n\tstep(a)", "step(a)"),
        ("rust", "fn f() {\n    |\n}\n", "next(a);\n    next(a);\n    next(a);\n    next(a);", "next(a);"),
        ("rust", "fn f() {\n    let x = |\n}\n", "self.self.self.self.self.self.self.self", ""),
        (
            "c",
            "int f(void)\n{\n    |\n}\n",
            "wait_for(1);\n    wait_for(1);\n    wait_for(1);",
            "wait_for(1);",
        ),
        ("lua", "|\n", "first(1)\nsecond(2)\nfirst(1)\nsecond(2)\nfirst(1)", "first(1)\nsecond(2)"),
        (
            "java",
            "class A {\n    void f() {\n        |\n    }\n}\n",
            "add(one);\n        add(one);\n        add(one);",
            "add(one);",
        ),
        ("python", "x = |\n", "the the the the the the the the the the the the", ""),
    ],
    "the rest of the line": [
        ("python", "print(|)\n", "value)", "value"),
        ("python", "x = |  # count\n", "5  # count", "5"),
        ("python", "f(|, b)\n", "a, b)", "a"),
        ("javascript", "call(|);\n", "a, b);", "a, b"),
        ("javascript", "const s = '|';\n", "text';", "text"),
        ("typescript", "const a: Map<string, |>;\n", "number>;", "number"),
        ("go", "package a\n\nvar x = []int{|}\n", "1, 2}", "1, 2"),
        ("rust", "fn f() {\n    println!(|);\n}\n", '"hi");', '"hi"'),
        ("c", "int x = f(|);\n", "1, 2);", "1, 2"),
        ("lua", "print(|)\n", "'a', b)", "'a', b"),
        ("java", "class A {\n    int x = f(|);\n}\n", "a.get(0));", "a.get(0)"),
        ("python", "import |\n", "import os", "os"),
    ],
    "brackets": [
        ("javascript", "function f() {\n  |\n}\n", "go();\n}", "go();"),
        ("javascript", "foo(() => {\n  |\n});\n", "bar();\n});", "bar();"),
        ("javascript", "function f() {\n  |\n}\n", "if (a) {\n    go();", "if (a) {\n    go();\n  }"),
        ("typescript", "const a = {\n  |\n};\n", "b: 1,\n};", "b: 1,"),
        ("go", "package a\n\nfunc f() {\n\tif x {\n\t\t|\n\t}\n}\n", "run()\n\t}\n}", "run()"),
        ("go", "package a\n\nfunc f() {\n\t|\n}\n", "for {\n\t\trun()", "for {\n\t\trun()\n\t}"),
        ("rust", "fn f() {\n    |\n}\n", "run();\n}\n\nfn g() {\n    stop();\n}", "run();"),
        ("c", "int f(void)\n{\n    |\n}\n", "return g(1));", "return g(1);"),
        ("lua", "local function f()\n  |\nend\n", "run()\nend", "run()"),
        ("lua", "local function f()\n  |\nend\n", "if a then\n    run()", "if a then\n    run()\n  end"),
        ("java", "class A {\n    void f() {\n        |\n    }\n}\n", "run();\n    }\n}", "run();"),
        ("python", "x = [\n    |\n]\n", "1,\n]", "1,"),
    ],
    "scope": [
        ("python", "def f(a):\n    |\n\n\nx = 1\n", "return a\n\n\ndef g(b):\n    return b", "return a"),
        (
            "python",
            "class A:\n    def f(self):\n        |\n",
            "return 1\n\n    def g(self):\n        return 2",
            "return 1",
        ),
        ("python", "def f(a):|\n", "\n    return a\n\n\nf(1)", "\n    return a"),
        ("python", "if a:\n    |\n", "b()\nc()", "b()"),
        (
            "javascript",
            "function f() {\n  |\n}\n",
            "return 1;\n}\n\nfunction g() {\n  return 2;\n}",
            "return 1;",
        ),
        (
            "typescript",
            "class A {\n  f() {\n    |\n  }\n}\n",
            "return 1;\n  }\n\n  g() {\n    return 2;",
            "return 1;",
        ),
        (
            "go",
            "package a\n\nfunc f() int {\n\t|\n}\n",
            "return 1\n}\n\nfunc g() int {\n\treturn 2\n}",
            "return 1",
        ),
        ("rust", "fn f() -> i32 {\n    |\n}\n", "1\n}\n\nfn g() -> i32 {\n    2\n}", "1"),
        ("c", "int f(void)\n{\n    |\n}\n", "return 1;\n}\n\nint g(void)\n{\n    return 2;\n}", "return 1;"),
        (
            "lua",
            "local function f()\n  |\nend\n",
            "return 1\nend\n\nlocal function g()\n  return 2\nend",
            "return 1",
        ),
        (
            "java",
            "class A {\n    int f() {\n        |\n    }\n}\n",
            "return 1;\n    }\n\n    int g() {\n        return 2;",
            "return 1;",
        ),
        ("python", "|\n", "def f():\n    return 1\n\ndef g():\n    return 2", "def f():\n    return 1"),
    ],
}
