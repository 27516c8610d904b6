"""`nearside mcp --list`, `--allow` and `--revoke`: whose tools the model gets, and why not others'."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nearside import cli
from settings import paths
from tests.processes import runs
from tests.scripted_chat import Chats, serving

BAD = Path(__file__).parents[1] / "tools" / "mcp_client" / "bad_server.py"


@pytest.fixture
def project(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = home / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.setenv("PIDS", str(home / "pids"))
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(
        "".join(
            f"[mcp.servers.{kind}]\ncommand = {json.dumps(sys.executable)}\n"
            f'args = ["-S", {json.dumps(str(BAD))}, "{kind}"]\nenv = ["PIDS"]\n'
            for kind in ("greeting", "die-at-start", "huge-schema")
        )
    )
    return folder


def test_servers_are_listed_after_consent_and_gone_afterwards(
    project: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> list[str]:
        assert cli.run(["mcp", str(project), *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    lines = run("--list")
    assert [line.partition(":")[0] for line in lines] == ["greeting", "die-at-start", "huge-schema"]
    command = f"{sys.executable} -S {BAD} greeting, and gives it PIDS"
    assert lines[0] == (
        f"greeting: not allowed here. It runs {command}; to allow it: nearside mcp --allow greeting {project}"
    )
    assert not (home / "pids").exists()

    said = f"Allowed in {project}: greeting runs {command}. A change to it asks again."
    assert run("--allow", "greeting") == [said]
    run("--allow", "die-at-start")
    run("--allow", "huge-schema")
    assert run("--list") == [
        "greeting: greeting.look",
        "die-at-start: die-at-start is not used, because it ended (it said: no licence[31m found); "
        "see mcp.servers.die-at-start in your settings.",
        "huge-schema: huge-schema.wide, huge-schema.deep",
        "  huge-schema.needy is not used, because it needs more than 8 arguments.",
    ]
    started = list(map(int, (home / "pids").read_text().split()))
    assert len(started) == 3 and not any(map(runs, started))

    assert run("--revoke", "greeting") == [f"No longer allowed in {project}: greeting."]
    assert run("--revoke", "greeting") == ["greeting was not allowed; nothing changed."]
    assert run("--list")[0].startswith("greeting: not allowed here.")
    text = paths.config_file().read_text()
    paths.config_file().write_text(text.replace('"huge-schema"]', '"huge-schema", "--more"]'))
    assert run("--list")[2].startswith("huge-schema: not allowed here.")


def test_an_unknown_server_and_none_at_all_are_one_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["mcp", str(project), "--allow", "x"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Nothing was allowed, because mcp.servers names no 'x'; it names greeting, die-at")
    paths.config_file().unlink()
    assert cli.run(["mcp", str(project), "--list"]) == 0
    assert (
        capsys.readouterr().out == "There are no servers; name some under [mcp.servers] in your settings.\n"
    )


def test_a_project_cannot_bring_a_server(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".nearside.toml").write_text(
        '[mcp.servers.evil]\ncommand = "sh"\nargs = ["-c", "touch evil"]\n'
    )
    assert cli.run(["mcp", str(project), "--list"]) == 0
    printed = capsys.readouterr()
    assert "evil" not in printed.out and "mcp.servers in" in printed.err and "is not used" in printed.err


def test_an_action_calls_the_tools_of_an_allowed_server_and_of_no_other(
    project: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    with serving(Chats()) as chats:
        text = paths.config_file().read_text()
        model = f'completion = {{ base_url = "{chats.url}", model = "chatty" }}'
        paths.config_file().write_text(f"[model]\n{model}\n[retrieval]\nenabled = false\n{text}")

        def explained() -> tuple[str, str]:
            """Return what the model was told before it looked anything up, and before it answered."""
            chats.lookups, chats.answers = ['{"tool": "greeting.look"}', '{"tool": "answer"}'], ["It adds."]
            chats.looked, chats.heard = [], []
            assert cli.run(["act", "explain", f"{project / 'sums.py'}:1"]) == 0
            return str(chats.looked[0]["messages"]), str(chats.heard[0]["messages"])

        before, _ = explained()
        assert "read_symbol" in before and "greeting" not in before and not (home / "pids").exists()
        cli.run(["mcp", str(project), "--allow", "greeting"])
        before, then = explained()
        assert "greeting.look: Look." in before and "fine" not in before and "huge-schema" not in before
        assert "greeting.look" in then and "fine" in then
        assert "greeting.look" in str(chats.looked[0]["response_format"])
        started = list(map(int, (home / "pids").read_text().split()))
        assert len(started) == 1 and not any(map(runs, started))
