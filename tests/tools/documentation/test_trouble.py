"""Whatever lies in site-packages: one clear line or a partial answer, nothing run, nothing that hangs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.documentation.conftest import Project

ROOT = Path(__file__).resolve().parents[3]


def test_nothing_of_a_package_is_run(project: Project, tmp_path: Path) -> None:
    """Every way Python has of running what is installed leaves a mark here, if it is taken."""
    mark = tmp_path / "ran"
    bad = f"open({str(mark)!r}, 'a').write(__name__)\n"
    project.write(
        {
            "evil/__init__.py": f"{bad}from .part import go\n",
            "evil/part.py": f"{bad}def go(): 'Goes.'\n",
            "evil.pth": f"import sys; exec({bad!r})\n",
            "sitecustomize.py": bad,
            "usercustomize.py": bad,
            "__editable___evil_finder.py": f"{bad}MAPPING = {{'evil2': '/nowhere'}}\n",
            "editable.pth": "import __editable___evil_finder; __editable___evil_finder.install()\n",
            "evil-1.0.dist-info/entry_points.txt": "[griffe]\nx = evil\n",
        }
    )
    project.write({"json.py": bad, "griffe.py": bad, "math.py": bad, "conftest.py": bad}, project.root)
    python = project.root / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\ntouch {mark}\n")
    python.chmod(0o755)
    for name in ("evil.go", "evil.nothing"):
        subprocess.run(
            [sys.executable, "-P", "-m", "nearside", "docs", name, "--project", str(project.root)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=project.root,
            check=name == "evil.go",
            timeout=60,
        )
    assert not mark.exists()


def test_a_file_that_does_not_parse_is_read_as_far_as_it_does(project: Project) -> None:
    project.write(
        {
            "broken/__init__.py": "from .good import fine\n\n"
            "def ok(a, b=2):\n    '''Still here.'''\n    return a\n\n"
            "class Half(object:\n    pass\n\ndef later(c):\n    pass\n",
            "broken/good.py": "def fine(): 'Good.'\n",
            "new.py": "type Pair[T] = tuple[T, T]\ndef newer[T](x: T) -> T:\n    '''Of a newer Python.'''\n",
        }
    )
    assert project.look("broken.fine").text == "Good."
    doc = project.look("broken.ok")
    assert (doc.signature, doc.text) == ("def ok(a, b=2)", "Still here.")
    assert "does not parse at line 7" in project.refusal("broken.nothing")
    assert project.look("new.newer").text == "Of a newer Python."


def test_a_compiled_module_without_stubs_says_so(project: Project) -> None:
    project.write(
        {
            "fast.cpython-311-x86_64-linux-gnu.so": "\x7fELF",
            "pack/__init__.py": "from ._core import compute\n",
            "pack/_core.abi3.so": "\x7fELF",
        }
    )
    assert project.look("fast").text == "fast is compiled and has no stubs, so nothing more is known of it."
    assert "fast is compiled and has no stubs" in project.refusal("fast.run")
    assert "pack._core is compiled and has no stubs" in project.look("pack.compute").text


def test_a_module_of_50_mb_is_not_read(project: Project) -> None:
    project.write({"big/__init__.py": "from .small import x\n", "big/small.py": "def x(): 'Small.'\n"})
    with (project.site / "big" / "table.py").open("wb") as file:
        file.truncate(50_000_000)
    assert "50.0 MB" in project.refusal("big.table.row")
    assert project.look("big.x").text == "Small."


def test_re_exports_in_a_circle_end(project: Project) -> None:
    project.write(
        {
            "ring/__init__.py": "from .a import *\nfrom .a import lost\nfrom ring import me\n",
            "ring/a.py": "from .b import *\nfrom .b import lost\nclass A(B): ...\n",
            "ring/b.py": "from .a import *\nfrom .a import lost\nfrom . import *\nfrom .a import A\n"
            "class B(A):\n    def found(self): 'There.'\n",
        }
    )
    assert project.look("ring.A.found").text == "There."
    assert "nowhere" in project.refusal("ring.A.nowhere")
    assert "is not known" in project.refusal("ring.gone")
    assert project.look("ring.lost").text.startswith("ring.lost is ")


def test_many_stars_end_soon(project: Project) -> None:
    """Forty modules that all import everything of each other."""
    names = [f"m{n}" for n in range(40)]
    stars = "".join(f"from .{name} import *\n" for name in names)
    project.write({"star/__init__.py": stars} | {f"star/{name}.py": stars for name in names})
    project.write({"star/m39.py": stars + "def last(): 'Last.'\n"})
    assert project.look("star.last").text == "Last."
    assert "is not known" in project.refusal("star.nothing")


def test_broken_metadata_costs_the_version_only(project: Project) -> None:
    project.write(
        {"lone/__init__.py": "def f(): 'Here.'\n", "lone-.dist-info/METADATA": "\x00\xff", "x.dist-info": ""}
    )
    (project.site / "RECORD").mkdir()
    (project.site / "other-1.dist-info").symlink_to(project.site / "other-1.dist-info")
    (project.site / "self").symlink_to(project.site)
    (project.site / "loop.py").symlink_to("loop.py")
    (project.site / "loop.pth").symlink_to("loop.pth")
    os.mkfifo(project.site / "pipe.py")
    os.mkfifo(project.site / "pipe.pth")
    assert project.look("lone.f").text == "Here."
    assert project.look("lone.f").version == ""
    assert project.look("f").title == "lone.f"
    assert "was not found" in project.refusal("pipe.x")
    assert "was not found" in project.refusal("loop.x")
    assert project.look("self.self.lone.f").text == "Here."


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_named(project: Project) -> None:
    project.write({"shut/__init__.py": "def f(): ...\n"})
    (project.site / "shut" / "__init__.py").chmod(0)
    assert "cannot be read" in project.refusal("shut.f")


ODD = (
    "", "  ", "..", ".", "a..b", ".a", "a.", "x" * 10_000, "a\x00b", "a\nb", "a\tb", "a\x1b[31mb",
    "\u202eabc", "\ud800", "1", "a b c", "'; DROP TABLE files; --", "%s%n", "../../etc/passwd",
    "/etc/passwd", "-rf",
    "--help", "@", "@/x", "::", "a::", "json.", "a.b." * 40, "日本.語", "…", "*", "*os", "class", "None.x",
    "json.__all__.x", "a/../../b.c", "node_modules/../x.y",
)  # fmt: skip


@pytest.mark.parametrize("language", ["", "python", "typescript", "go", "rust", "c", "cobol"])
def test_odd_names_get_one_line(project: Project, language: str) -> None:
    (project.root / "node_modules").mkdir()
    (project.root / "go.mod").write_text("module x\n")
    messages = [project.refusal(name, language) for name in ODD]
    assert all(message.isprintable() for message in messages)


def test_an_environment_that_is_damaged_is_no_obstacle(project: Project) -> None:
    (project.root / ".venv" / "pyvenv.cfg").write_bytes(b"home = \x00\xff\nversion\n= =\n")
    project.write({"one.py": "def f(): 'One.'\n"})
    assert project.look("one.f").text == "One."


def test_a_source_that_hangs_is_passed_over(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from tools.documentation import library

    release = threading.Event()
    monkeypatch.setattr(library, "GRACE", 0.05)
    monkeypatch.setattr(library.Python, "look", lambda *_: release.wait(20))
    try:
        with pytest.raises(library.NotFound, match="Python packages did not answer in 0.05 s"):
            project.library.look("json.dumps", "python", seconds=0.05)
    finally:
        release.set()


def test_a_defect_in_one_source_leaves_the_others(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.documentation import library

    monkeypatch.setattr(library.Python, "look", lambda *_: 1 / 0)
    declared = {"p/package.json": "{}", "p/index.d.ts": "/** Here. */\nexport declare function f(): void;\n"}
    project.write(declared, project.root / "node_modules")
    assert project.look("p.f", "").text == "Here."
