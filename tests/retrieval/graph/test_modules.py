"""Which file an import names, language by language."""

# ruff: noqa: E501
from __future__ import annotations

import pytest

from retrieval.graph.modules import Modules
from retrieval.graph.types import File, family_of
from syntax.facts import Facts
from tests.retrieval.graph.workspace import language_of, look, names, workspace

PYTHON = ["src/pkg/__init__.py", "src/pkg/a.py", "src/pkg/sub/__init__.py", "src/pkg/sub/b.py", "tools/run.py",
          "space/inner/c.py", "pkg/json.py", "src/pkg/json.py"]  # fmt: skip
SCRIPTS = ["src/app.ts", "src/util.ts", "src/lib/index.ts", "src/view.tsx", "web/old.js", "packages/core/src/index.ts",
           "packages/core/src/deep.ts", "src/x.d.ts"]  # fmt: skip
SCRIPT_CONFIG = {
    "tsconfig.json": '{ // aliases\n "compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"], "lib": ["src/lib"]},}, }',
    "packages/core/package.json": '{"name": "@acme/core", "main": "dist/index.js"}',
}
GO = ["main.go", "store/db.go", "store/tx.go", "store/db_test.go", "internal/log/log.go"]
RUST = [
    "Cargo.toml",
    "core/src/lib.rs",
    "core/src/net.rs",
    "core/src/net/tcp.rs",
    "core/src/db/mod.rs",
    "app/src/main.rs",
]
RUST_CONFIG = {"core/Cargo.toml": '[package]\nname = "my-core"\n'}
C = ["include/lib/api.h", "src/api.c", "src/local.h", "other/local.h"]


@pytest.mark.parametrize(
    ("paths", "config", "importer", "module", "found"),
    [
        (PYTHON, {}, "src/pkg/a.py", "pkg.sub.b", "src/pkg/sub/b.py"),
        (PYTHON, {}, "tests/t.py", "pkg.sub", "src/pkg/sub/__init__.py"),
        (PYTHON, {}, "src/pkg/a.py", ".sub.b", "src/pkg/sub/b.py"),
        (PYTHON, {}, "src/pkg/sub/b.py", "..a", "src/pkg/a.py"),
        (PYTHON, {}, "src/pkg/sub/b.py", "..", "src/pkg/__init__.py"),
        (PYTHON, {}, "src/pkg/sub/b.py", ".", "src/pkg/sub/__init__.py"),
        (PYTHON, {}, "x.py", "space.inner.c", "space/inner/c.py"),
        (PYTHON, {}, "tools/other.py", "run", "tools/run.py"),
        (PYTHON, {}, "src/pkg/a.py", "json", ""),
        (PYTHON, {}, "src/pkg/a.py", "requests", ""),
        (SCRIPTS, {}, "src/app.ts", "./util", "src/util.ts"),
        (SCRIPTS, {}, "src/app.ts", "./util.js", "src/util.ts"),
        (SCRIPTS, {}, "src/app.ts", "./view.js", "src/view.tsx"),
        (SCRIPTS, {}, "src/app.ts", "./lib", "src/lib/index.ts"),
        (SCRIPTS, {}, "src/lib/index.ts", "..", ""),
        (SCRIPTS, {}, "src/lib/index.ts", "../../web/old", "web/old.js"),
        (SCRIPTS, {}, "src/app.ts", "./x", "src/x.d.ts"),
        (SCRIPTS, {}, "src/app.ts", "react", ""),
        (SCRIPTS, SCRIPT_CONFIG, "web/new.ts", "@/util", "src/util.ts"),
        (SCRIPTS, SCRIPT_CONFIG, "web/new.ts", "lib", "src/lib/index.ts"),
        (SCRIPTS, SCRIPT_CONFIG, "web/new.ts", "src/util", "src/util.ts"),
        (SCRIPTS, SCRIPT_CONFIG, "web/new.ts", "@acme/core", "packages/core/src/index.ts"),
        (SCRIPTS, SCRIPT_CONFIG, "web/new.ts", "@acme/core/deep", "packages/core/src/deep.ts"),
        (
            GO,
            {"go.mod": "module example.com/m\n\ngo 1.21\n"},
            "main.go",
            "example.com/m/store",
            "store/db.go store/tx.go",
        ),
        (
            GO,
            {"go.mod": "module example.com/m\n"},
            "main.go",
            "example.com/m/internal/log",
            "internal/log/log.go",
        ),
        (GO, {"go.mod": "module example.com/m\n"}, "main.go", "fmt", ""),
        (GO, {}, "main.go", "example.com/m/store", "store/db.go store/tx.go"),
        (RUST, {}, "core/src/net.rs", "crate::db", "core/src/db/mod.rs"),
        (RUST, {}, "core/src/net.rs", "self::tcp", "core/src/net/tcp.rs"),
        (RUST, {}, "core/src/net/tcp.rs", "super", "core/src/net.rs"),
        (RUST, {}, "core/src/net/tcp.rs", "super::super::db", "core/src/db/mod.rs"),
        (RUST, {}, "core/src/db/mod.rs", "crate", "core/src/lib.rs"),
        (RUST, RUST_CONFIG, "app/src/main.rs", "my_core::net", "core/src/net.rs"),
        (RUST, RUST_CONFIG, "app/src/main.rs", "my_core", "core/src/lib.rs"),
        (RUST, RUST_CONFIG, "app/src/main.rs", "std::io", ""),
        (C, {}, "src/api.c", "lib/api.h", "include/lib/api.h"),
        (C, {}, "src/api.c", "local.h", "src/local.h"),
        (C, {}, "other/x.c", "local.h", "other/local.h"),
        (C, {}, "src/api.c", "stdio.h", ""),
        (["lua/app/net.lua", "lua/app/init.lua"], {}, "lua/app/x.lua", "app.net", "lua/app/net.lua"),
        (["lua/app/net.lua", "lua/app/init.lua"], {}, "lua/x.lua", "app", "lua/app/init.lua"),
        (["lib/net.rb", "lib/app/a.rb"], {}, "lib/app/a.rb", "../net", "lib/net.rb"),
        (["lib/net.rb", "lib/app/a.rb"], {}, "bin/x.rb", "app/a", "lib/app/a.rb"),
    ],
)
def test_an_import_names_a_file(
    paths: list[str], config: dict[str, str], importer: str, module: str, found: str
) -> None:
    modules = Modules()
    for path, text in config.items():
        modules.configure(path, text)
    for path in paths:
        if not path.endswith(".toml"):
            modules.add(File.of(path, Facts(language_of(path))))
    family = family_of(language_of(importer))
    assert " ".join(modules.find(importer, family, module).paths) == found


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": 3}', '{"compilerOptions": 3}', "null", "module"])
@pytest.mark.parametrize("path", ["tsconfig.json", "package.json", "go.mod", "Cargo.toml", "other.txt"])
def test_a_broken_configuration_says_nothing(path: str, text: str) -> None:
    modules = Modules()
    modules.configure(path, text)
    modules.add(File.of("src/a.ts", Facts("typescript")))
    assert modules.find("src/b.ts", "javascript", "./a").paths == ("src/a.ts",)


GO_STORE = {
    "store/db.go": "package store\n\ntype DB struct {\n\tPath string\n}\n\nfunc Open(path string) *DB { return nil }\n",
    "store/tx.go": "package store\n\nfunc (db *DB) Begin() error { return nil }\n",
    "go.mod.go": "package x\n",
}
JAVA = {
    "src/com/acme/Store.java": "package com.acme;\npublic class Store extends Base {\n  public void open(String p) {}\n}\n",
    "src/com/acme/Base.java": "package com.acme;\npublic class Base {\n  public void close() {}\n}\n",
}


@pytest.mark.parametrize(
    ("files", "config", "path", "text", "wanted"),
    [
        (
            {"src/store.ts": "export class Store {\n  open(path: string): void {}\n}\n"},
            {},
            "src/app.ts",
            "import { Store } from './store';\nconst s = new Store();\ns.█\n",
            "src/store.ts:Store.open",
        ),
        (
            {
                "src/store.ts": "export class Store {\n  open(path: string): void {}\n}\n",
                "src/index.ts": "export * from './store';\n",
            },
            {},
            "src/app.ts",
            "import { Store } from '.';\nfunction f(s: Store) {\n  s.█\n}\n",
            "src/store.ts:Store.open",
        ),
        (
            {"src/store.ts": "export default class Store {\n  open(): void {}\n}\n"},
            {},
            "src/app.ts",
            "import S from './store';\nconst s = new S();\ns.█\n",
            "src/store.ts:Store.open",
        ),
        (
            GO_STORE,
            {"go.mod": "module m\n"},
            "main.go",
            'package main\n\nimport "m/store"\n\nfunc main() {\n\tstore.█\n}\n',
            "store/db.go:Open",
        ),
        (
            GO_STORE,
            {"go.mod": "module m\n"},
            "main.go",
            'package main\n\nimport "m/store"\n\nfunc f(db *store.DB) {\n\tdb.█\n}\n',
            "store/tx.go:DB.Begin",
        ),
        (
            GO_STORE,
            {},
            "store/more.go",
            "package store\n\nfunc f() {\n\tdb := █\n}\n",
            "store/db.go:Open",
        ),
        (
            {
                "src/lib.rs": "pub mod store;\n",
                "src/store.rs": "pub struct Store {}\nimpl Store {\n    pub fn open() -> Store { Store {} }\n}\n",
            },
            {},
            "src/app.rs",
            "use crate::store::Store;\n\nfn f() {\n    Store::█\n}\n",
            "src/store.rs:Store.open",
        ),
        (
            {
                "src/lib.rs": "mod store;\npub use store::Store;\n",
                "src/store.rs": "pub struct Store {}\nimpl Store {\n    pub fn open(&self) {}\n}\n",
            },
            {},
            "src/app.rs",
            "use crate::Store;\n\nfn f(s: &Store) {\n    s.█\n}\n",
            "src/store.rs:Store.open",
        ),
        (
            JAVA,
            {},
            "src/com/acme/app/App.java",
            "package com.acme.app;\nimport com.acme.Store;\nclass App {\n  void f(Store s) {\n    s.█\n  }\n}\n",
            "src/com/acme/Store.java:Store.open",
        ),
        (
            JAVA,
            {},
            "src/com/acme/app/App.java",
            "package com.acme.app;\nimport com.acme.Store;\nclass App {\n  void f(Store s) {\n    s.█\n  }\n}\n",
            "src/com/acme/Base.java:Base.close",
        ),
        (
            {"a/Store.kt": "package a\n\nclass Store {\n    fun open(path: String) {}\n}\n"},
            {},
            "b/App.kt",
            "package b\n\nimport a.Store\n\nfun f(s: Store) {\n    s.█\n}\n",
            "a/Store.kt:Store.open",
        ),
        (
            {"Store.cs": "namespace Acme.Data;\npublic class Store {\n  public void Open(string p) {}\n}\n"},
            {},
            "App.cs",
            "using Acme.Data;\nnamespace Acme.App;\nclass App {\n  void F(Store s) {\n    s.█\n  }\n}\n",
            "Store.cs:Store.Open",
        ),
        (
            {
                "src/Store.php": "<?php\nnamespace Acme\\Data;\nclass Store {\n  public function open($p) {}\n}\n"
            },
            {},
            "src/App.php",
            "<?php\nnamespace Acme\\App;\nuse Acme\\Data\\Store;\nfunction f(Store $s) {\n  $s->█\n}\n",
            "src/Store.php:Store.open",
        ),
        (
            {"lib/store.rb": "class Store\n  def open_file(path)\n  end\nend\n"},
            {},
            "lib/app.rb",
            "require_relative 'store'\n\ndef f\n  s = Store.new\n  s.█\nend\n",
            "lib/store.rb:Store.open_file",
        ),
        (
            {"store.lua": "local M = {}\nfunction M.open(path)\nend\nreturn M\n"},
            {},
            "app.lua",
            'local store = require("store")\n\nstore.█\n',
            "store.lua:M.open",
        ),
        (
            {"store.h": "struct store { int fd; };\nint store_open(const char *path);\n"},
            {},
            "app.c",
            '#include "store.h"\n\nint main(void) {\n  int s = █\n}\n',
            "store.h:store_open",
        ),
        (
            {"store.hpp": "class Store {\npublic:\n  void open(const char *path);\n};\n"},
            {},
            "app.cpp",
            '#include "store.hpp"\n\nvoid f() {\n  Store s;\n  s.█\n}\n',
            "store.hpp:Store.open",
        ),
    ],
)
def test_every_language_finds_what_an_import_brings(
    files: dict[str, str], config: dict[str, str], path: str, text: str, wanted: str
) -> None:
    found = names(look(workspace(files, config), path, text))
    assert wanted in found[:4], found[:8]
