# ruff: noqa: E501
"""The import that is missing, and where it belongs."""

from __future__ import annotations

import pytest

from tests.retrieval.graph.workspace import look, workspace

TS_CONFIG = {"tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"]}}}'}


@pytest.mark.parametrize(
    ("files", "config", "path", "text", "name", "line", "row"),
    [
        (
            {"pkg/__init__.py": "", "pkg/store.py": "class Store: ...\n", "pkg/log.py": "def note(): ...\n"}, {},
            "pkg/app.py", '"""Doc."""\n\nfrom pkg.log import note\n\n\ns = Sto█\n', "Store", "from pkg.store import Store", 3,
        ),
        (
            {"pkg/__init__.py": "", "pkg/store.py": "class Store: ...\n", "pkg/log.py": "def note(): ...\n"}, {},
            "pkg/app.py", "from .log import (\n    note,\n)\n\n\ns = Sto█\n", "Store", "from .store import Store", 3,
        ),
        (
            {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/store.py": "class Store: ...\n", "pkg/sub/b.py": "from ..log import note\n", "pkg/log.py": "def note(): ...\n"}, {},
            "pkg/sub/app.py", "#!/usr/bin/python\n'''Doc\n\nmore'''\ns = Sto█\n", "Store", "from ..store import Store", 4,
        ),
        (
            {"pkg/__init__.py": "from pkg.store import Store\n", "pkg/store.py": "class Store: ...\n", "use.py": "from pkg import Store\n", "more.py": "from pkg import Store\n"}, {},
            "app.py", "s = Sto█\n", "Store", "from pkg import Store", 0,
        ),
        (
            {"src/store.ts": "export class Store {}\n", "src/log.ts": "export function note() {}\n"}, {},
            "src/app.ts", "import { note } from './log';\n\nconst s = new Sto█\n", "Store", "import { Store } from './store';", 1,
        ),
        (
            {"src/store.ts": "export class Store {}\n", "src/log.ts": "export function note() {}\n"}, {},
            "src/sub/app.ts", 'import { note } from "../log.js"\n\nconst s = new Sto█\n', "Store", 'import { Store } from "../store.js"', 1,
        ),
        (
            {"src/store.ts": "export default class Store {}\n"}, {},
            "src/app.ts", "const s = new Sto█;\n", "Store", 'import Store from "./store";', 0,
        ),
        (
            {"store.js": "class Store {}\nmodule.exports = { Store };\n", "log.js": "exports.note = () => 1;\n"}, {},
            "app.js", "const { note } = require('./log');\n\nconst s = new Sto█\n", "Store", "const { Store } = require('./store');", 1,
        ),
        (
            {"src/store.ts": "export class Store {}\n", "src/use.ts": "import { Store } from '@/store';\n"}, TS_CONFIG,
            "src/app.ts", "const x = 1;\nconst s = new Sto█\n", "Store", 'import { Store } from "@/store";', 0,
        ),
        (
            {"store/store.go": "package store\n\nfunc Open() {}\n"}, {"go.mod": "module example.com/m\n"},
            "main.go", 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() {\n\tOp█\n}\n', "Open", '\t"example.com/m/store"', 4,
        ),
        (
            {"store/store.go": "package store\n\nfunc Open() {}\n"}, {"go.mod": "module example.com/m\n"},
            "main.go", "package main\n\nfunc main() {\n\tOp█\n}\n", "Open", 'import "example.com/m/store"', 1,
        ),
        (
            {"src/lib.rs": "mod store;\n", "src/store.rs": "pub struct Store {}\n"}, {},
            "src/app.rs", "use std::io;\n\nfn f() {\n    let s = Sto█;\n}\n", "Store", "use crate::store::Store;", 1,
        ),
        (
            {"core/src/lib.rs": "pub struct Store {}\n"}, {"core/Cargo.toml": '[package]\nname = "my-core"\n'},
            "app/src/main.rs", "fn f() {\n    let s = Sto█;\n}\n", "Store", "use my_core::Store;", 0,
        ),
        (
            {"a/Store.java": "package com.acme.data;\npublic class Store {}\n"}, {},
            "b/App.java", "package com.acme.app;\n\nimport java.util.List;\n\nclass App {\n  Sto█\n}\n", "Store", "import com.acme.data.Store;", 3,
        ),
        (
            {"a/Store.kt": "package com.acme.data\n\nclass Store\n"}, {},
            "b/App.kt", "package com.acme.app\n\nfun f() {\n  val s = Sto█\n}\n", "Store", "import com.acme.data.Store", 1,
        ),
        (
            {"Store.cs": "namespace Acme.Data;\npublic class Store {}\n"}, {},
            "App.cs", "using System;\n\nnamespace Acme.App;\nclass App {\n  Sto█\n}\n", "Store", "using Acme.Data;", 1,
        ),
        (
            {"Store.php": "<?php\nnamespace Acme\\Data;\nclass Store {}\n"}, {},
            "App.php", "<?php\nnamespace Acme\\App;\n\nfunction f() {\n  $s = new Sto█\n}\n", "Store", "use Acme\\Data\\Store;", 2,
        ),
        (
            {"src/store.h": "int store_open(void);\n"}, {},
            "src/app.c", "#include <stdio.h>\n\nint main(void) {\n  int s = store_o█\n}\n", "store_open", '#include "store.h"', 1,
        ),
    ],
)  # fmt: skip
def test_a_name_that_is_not_imported_comes_with_its_import(
    files: dict[str, str], config: dict[str, str], path: str, text: str, name: str, line: str, row: int
) -> None:
    found = [one for one in look(workspace(files, config), path, text) if one.symbol.name == name]
    assert [(one.import_line, one.import_row) for one in found[:1]] == [(line, row)]


@pytest.mark.parametrize(
    ("files", "path", "text", "name"),
    [
        ({"store.py": "class Store: ...\n"}, "app.py", "from store import Store\n\ns = Sto█\n", "Store"),
        ({"store.py": "class Store: ...\n"}, "app.py", "from store import *\n\ns = Sto█\n", "Store"),
        ({"store.py": "class Store: ...\n"}, "app.py", "import store\n\ns = store.Sto█\n", "Store"),
        ({"s/a.go": "package s\n\nfunc Open() {}\n"}, "s/b.go", "package s\n\nfunc f() {\n\tOp█\n}\n", "Open"),
        (
            {"a/Store.java": "package acme;\nclass Store {}\n"},
            "a/App.java",
            "package acme;\nclass App {\n  Sto█\n}\n",
            "Store",
        ),
        (
            {"store.h": "int store_open(void);\n"},
            "app.c",
            '#include "store.h"\nint main(void) {\n  store_o█\n}\n',
            "store_open",
        ),
    ],
)
def test_a_name_in_reach_needs_no_import(files: dict[str, str], path: str, text: str, name: str) -> None:
    found = [one for one in look(workspace(files), path, text) if one.symbol.name == name]
    assert [one.import_line for one in found] == [""]


def test_what_siblings_import_is_offered_before_it_is_named() -> None:
    files = {f"app/view{n}.py": "from core.http import Request\nfrom core.log import note\n" for n in range(4)}
    graph = workspace(
        {
            **files,
            "core/http.py": "class Request: ...\nclass Unused: ...\n",
            "core/log.py": "def note(): ...\n",
            "core/far.py": "class Far: ...\n",
        }
    )
    found = look(graph, "app/new.py", "from core.log import note\n\ndef view(request: █):\n    note()\n")
    request = next(one for one in found if one.symbol.name == "Request")
    assert request.import_line == "from core.http import Request"
    assert request.why == "imported by files like this"
    assert all(one.symbol.name != "Far" for one in found)
