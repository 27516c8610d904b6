"""Names of node_modules, Go and Rust packages and manual pages: declaration, comment, version and place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.documentation.conftest import Project


@pytest.fixture
def node(project: Project) -> Project:
    modules = project.root / "node_modules"

    def package(name: str, about: dict, files: dict[str, str]) -> None:
        project.write({"package.json": json.dumps(about | {"name": name}), **files}, modules / name)

    package("widgets", {"version": "3.1.0", "types": "./lib/main.d.ts", "description": "Draws widgets."}, {
        "lib/main.d.ts": 'export * from "./draw.js";\nexport { Box as Crate } from "./box";\n'
        'import { Box } from "./box";\nexport default Box;\nexport declare const shared: Box;\n'
        'export * as shapes from "./shapes/index.js";\n',
        "lib/draw.d.ts": "/**\n * Draws it, see {@link Box | the box}.\n * @param what what to draw\n */\n"
        "export declare function draw(what: string): void;\n"
        "export declare function draw(what: number): void;\n",
        "lib/box.d.ts": "import { Base } from './base';\n/** A box. */\n"
        "export declare class Box extends Base {\n"
        "    /** Opens it. */\n    open(force?: boolean): Promise<void>;\n}\n",
        "lib/base.d.ts": "export declare class Base {\n    // not this\n"
        "    /** Closes it. */\n    close(): void;\n}\n",
        "lib/shapes/index.d.ts": "/** Round. */\nexport declare const circle: (r: number) => string;\n",
    })  # fmt: skip
    package("react", {"version": "19.0.0", "main": "index.js"}, {"index.js": "boom("})
    package("@types/react", {"version": "19.0.1", "types": "index.d.ts"}, {
        "index.d.ts": "export = React;\nexport as namespace React;\ndeclare namespace React {\n"
        "    /**\n     * Returns a stateful value.\n     */\n"
        "    function useState<S>(initial: S): [S, (to: S) => void];\n"
        "    interface Props { children?: string }\n}\n",
    })  # fmt: skip
    package("@scope/kit", {"version": "0.4.0", "exports": {
        ".": {"import": {"types": "./dist/index.d.mts", "default": "./dist/index.mjs"}},
        "./sub/*": {"types": "./dist/sub/*.d.ts"},
    }}, {
        "dist/index.d.mts": "export declare function kit(): number;\n",
        "dist/sub/deep.d.ts": "/** Deep. */\nexport declare const deep: string;\n",
    })  # fmt: skip
    package(
        "@types/scope__other", {"version": "7.0.0"}, {"index.d.ts": "/** O. */\nexport function o(): void;\n"}
    )
    package(
        "lodash.merge",
        {"version": "1.0.0"},
        {"index.d.ts": "/** M. */\nexport declare function merge(): void;\n"},
    )
    package("evil", {"version": "1", "types": "../../../../etc/passwd"}, {})
    package("looped", {"types": "a.d.ts"}, {
        "a.d.ts": 'export * from "./b";\nexport { x } from "./b";\n',
        "b.d.ts": 'export * from "./a";\nexport { x } from "./a";\n',
    })  # fmt: skip
    about = {"version": "1.0.0", "exports": {".": {"import": "./t.js", "types": "./types/t.d.ts"}}}
    declared = "/** T. */\nexport declare function t(): void;\n"
    package("typed", about, {"types/t.d.ts": declared, "t.js": "boom("})
    (modules / "broken").mkdir()
    (modules / "broken" / "package.json").write_text("{" * 5000)
    return project


@pytest.mark.parametrize(
    ("name", "signature", "text", "version"),
    [
        (
            "widgets.draw",
            "export declare function draw(what: string): void;",
            "Draws it, see the box.",
            "3.1.0",
        ),
        ("widgets.Crate", "export declare class Box extends Base", "A box.", "3.1.0"),
        ("widgets.Crate.open", "open(force?: boolean): Promise<void>", "Opens it.", "3.1.0"),
        ("widgets.Crate.close", "close(): void", "Closes it.", "3.1.0"),
        ("widgets.default.open", "open(", "Opens it.", "3.1.0"),
        ("widgets.open", "open(", "Opens it.", "3.1.0"),
        ("widgets.shared.open", "open(", "Opens it.", "3.1.0"),
        ("widgets.shapes.circle", "export declare const circle", "Round.", "3.1.0"),
        ("widgets", "", "Draws widgets.", "3.1.0"),
        ("react.useState", "function useState<S>(initial: S)", "Returns a stateful value.", "19.0.0"),
        ("@scope/kit.kit", "export declare function kit(): number", "", "0.4.0"),
        ("@scope/kit/sub/deep.deep", "export declare const deep: string", "Deep.", "0.4.0"),
        ("@scope/other.o", "export function o(): void", "O.", "7.0.0"),
        ("typed.t", "export declare function t(): void", "T.", "1.0.0"),
        ("lodash.merge.merge", "export declare function merge(): void", "M.", "1.0.0"),
    ],
)
def test_a_declaration_is_found_with_its_comment(
    node: Project, name: str, signature: str, text: str, version: str
) -> None:
    doc = node.look(name, "typescript")
    assert doc.signature.startswith(signature) and doc.text.startswith(text)
    assert (doc.version, doc.source) == (version, ".d.ts")
    assert Path(doc.where.rpartition(":")[0]).is_file()


def test_a_declaration_that_is_not_there_gets_a_suggestion(node: Project) -> None:
    assert "did you mean widgets.draw?" in node.refusal("widgets.drav", "typescript")
    assert "did you mean widgets.Crate.open?" in node.refusal("widgets.Crate.opn", "typescript")
    assert "did you mean widgets.draw?" in node.refusal("widgts.draw", "typescript")
    for name in ("evil.root", "looped.x", "looped.y", "broken.x"):
        assert "was not found" in node.refusal(name, "typescript")


GO_MOD = "module example.com/app\n\nrequire (\n\tgithub.com/Acme/box v1.4.0 // indirect\n)\n"
BOX = (
    "// Package box holds things.\npackage box\n\n// Open opens a box.\n//\n// Twice.\n"
    "func Open(name string) (*Box, error) {\n\treturn nil, nil\n}\n\n// A Box is one.\ntype Box struct {\n"
    "\t// Size of it.\n\tSize int\n}\n\n// Close closes it.\nfunc (b *Box) Close() error { return nil }\n"
)


@pytest.mark.parametrize("place", ["GOMODCACHE", "GOPATH", "home", "vendor"])
def test_go_packages_are_found_where_they_are_kept(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (project.root / "go.mod").write_text(GO_MOD)
    inside = "github.com/!acme/box@v1.4.0"
    if place == "vendor":
        folder = project.root / "vendor" / "github.com/Acme/box"
    elif place == "home":
        folder = tmp_path / "home" / "go" / "pkg" / "mod" / inside
    else:
        monkeypatch.setenv(place, str(tmp_path / "go"))
        folder = tmp_path / "go" / ("" if place == "GOMODCACHE" else "pkg/mod") / inside
    project.write({"box.go": BOX, "box_test.go": "package box\n\nfunc Hidden() {}\n"}, folder)
    opened = project.look("github.com/Acme/box.Open", "go")
    assert opened.signature == "func Open(name string) (*Box, error)"
    assert opened.text == "Open opens a box.\n\nTwice."
    assert (opened.version, opened.where) == ("v1.4.0", f"{folder}/box.go:7")
    assert project.look("github.com/Acme/box.Box.Close", "go").text == "Close closes it."
    assert "Package box holds things." in project.look("github.com/Acme/box", "go").text
    assert "did you mean github.com/Acme/box.Open?" in project.refusal("github.com/Acme/box.Opn", "go")
    assert "not in" in project.refusal("github.com/Acme/box.Hidden", "go")


def test_go_s_own_packages_are_found_by_their_last_name(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOROOT", str(tmp_path / "goroot"))
    project.write(
        {"VERSION": "go1.25.1\n", "src/net/http/get.go": "package http\n\n// Get gets.\nfunc Get() {}\n"},
        tmp_path / "goroot",
    )
    for name in ("net/http.Get", "http.Get"):
        doc = project.look(name, "go")
        assert (doc.text, doc.version, doc.source) == ("Get gets.", "1.25.1", "Go standard library")


def test_a_crate_is_found_in_the_version_that_is_locked(project: Project, tmp_path: Path) -> None:
    registry = tmp_path / "home" / ".cargo" / "registry" / "src" / "index.crates.io-1"
    for version in ("1.2.0", "1.10.0"):
        project.write(
            {
                "src/lib.rs": "//! Boxes things.\npub mod inner;\npub use inner::Box;\n",
                "src/inner/mod.rs": f"/// A box of {version}.\n#[derive(Debug)]\n#[must_use]\n"
                "pub struct Box<T> { pub it: T }\n\nimpl<T> Box<T> {\n    /// Opens it.\n    #[inline]\n"
                "    pub fn open(&self) -> bool { true }\n}\n",
            },
            registry / f"my-boxes-{version}",
        )
    (registry / "my-boxes-1.10.0" / "src" / "loop").symlink_to(registry)
    assert project.look("my_boxes::Box", "rust").text == "A box of 1.10.0."
    lock = '[[package]]\nname = "my-boxes"\nversion = "1.2.0"\n'
    (project.root / "Cargo.lock").write_text(lock)
    for name in ("my_boxes::Box", "my_boxes::inner::Box", "my-boxes::Box"):
        doc = project.look(name, "rust")
        assert (doc.text, doc.version, doc.source) == ("A box of 1.2.0.", "1.2.0", "crate")
    assert project.look("my_boxes::Box::open", "rust").text == "Opens it."
    assert project.look("my_boxes", "rust").text.startswith("Boxes things.")
    assert "my_boxes::Bx was not found" in project.refusal("my_boxes::Bx", "rust")
    (project.root / "Cargo.lock").write_text("[[[")
    assert project.look("my_boxes::Box", "rust").version == "1.10.0"


MAN = """#!/bin/sh
printf '%s\\n' "$*" >> "$(dirname "$0")/asked"
case "$*" in
*slow*) sleep 60 ;;
*-w*missing*) exit 16 ;;
*-w*) echo /usr/share/man/man1/tool.1.gz ;;
*) printf 'TOOL(1)   Commands   TOOL(1)\\n\\nN\\bNA\\bAM\\bME\\bE\\n       tool - does it\\n\\n'
   printf 'SYNOPSIS\\n'
   printf '       tool [-x]\\n\\nDESCRIPTION\\n       Long text.\\n\\nSEE ALSO\\n       other(1)\\n' ;;
esac
"""


@pytest.fixture
def manual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `man` of our own before all others; what it was asked stands in `asked` beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "man").write_text(MAN)
    (folder / "man").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_manual_page_is_shown_without_its_marks(project: Project, manual: Path) -> None:
    doc = project.look("tool(1)", "")
    assert (doc.title, doc.signature) == ("TOOL(1)", "tool [-x]")
    assert doc.text == "tool - does it\n\nLong text."
    assert doc.where == "/usr/share/man/man1/tool.1.gz"
    assert (manual / "asked").read_text() == "-w 1 -- tool\n-P cat 1 -- tool\n"


def test_man_is_asked_only_where_a_name_is_surely_one_of_its(project: Project, manual: Path) -> None:
    for name in ("nonesuch", "a.b", "-x", "x;y", "$(x)"):
        project.refusal(name, "")
    assert not (manual / "asked").exists()
    assert project.look("sh", "").source == "man page"
    assert "was not found" in project.refusal("missing", "c")


def test_a_man_that_hangs_is_ended(project: Project, manual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.documentation import man

    monkeypatch.setattr(man, "SECONDS", 0.2)
    assert "was not found" in project.refusal("slow", "man")


def test_a_man_of_the_project_s_own_is_not_run(
    project: Project, manual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = project.root / "bin"
    manual.rename(inside)
    monkeypatch.setenv("PATH", f"{inside}:./bin:bin")
    assert "was not found" in project.refusal("tool(1)", "man")
    assert not (inside / "asked").exists()
