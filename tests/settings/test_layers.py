"""Settings come from several places, later ones win, and no mistake in any of them stops anything."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings import layers, paths
from settings.layers import Loaded, load
from settings.schema import Endpoint, Settings
from settings.values import KEYS, accepted, plain, value_of


def write_user(text: str | bytes) -> Path:
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "project"
    folder.mkdir()
    return folder


def only_note(loaded: Loaded) -> str:
    assert len(loaded.notes) == 1, loaded.notes
    assert "\n" not in loaded.notes[0]
    return loaded.notes[0]


def test_nothing_written_gives_the_defaults_and_says_nothing(project: Path) -> None:
    loaded = load(project, {}, {})
    assert loaded.settings == Settings()
    assert loaded.notes == ()
    assert set(loaded.origin.values()) == {"default"}
    assert loaded.origin.keys() == KEYS.keys()


# Each row: which layers set completion.max_lines (user 1, project 2, editor 3, environment 4), and who wins.
@pytest.mark.parametrize(
    ("present", "value", "origin"),
    [
        ("", 8, "default"),
        ("u", 1, "user"),
        ("p", 2, "project"),
        ("up", 2, "project"),
        ("e", 3, "editor"),
        ("upe", 3, "editor"),
        ("v", 4, "environment"),
        ("uv", 4, "environment"),
        ("upev", 4, "environment"),
        ("ue", 3, "editor"),
        ("pv", 4, "environment"),
    ],
)
def test_the_later_layer_wins_and_origin_names_it(
    present: str, value: int, origin: str, project: Path
) -> None:
    if "u" in present:
        write_user("[completion]\nmax_lines = 1\n")
    if "p" in present:
        (project / ".nearside.toml").write_text("[completion]\nmax_lines = 2\n")
    editor = {"completion": {"maxLines": 3}} if "e" in present else {}
    environ = {"NEARSIDE_COMPLETION_MAX_LINES": "4"} if "v" in present else {}

    loaded = load(project, editor, environ, trusted=True)

    names = {"user": str(paths.config_file()), "project": str(project / ".nearside.toml")}
    assert loaded.settings.completion.max_lines == value
    assert loaded.origin["completion.max_lines"] == names.get(origin, origin)
    assert loaded.origin["completion.max_tokens"] == "default"
    assert loaded.notes == ()


@pytest.mark.parametrize(
    "editor",
    [
        {"completion": {"deadlineMs": 300, "disableIn": ["*.env"]}},
        {"completion": {"deadline_ms": 300, "disable_in": ["*.env"]}},
        {"nearside": {"completion": {"deadlineMs": 300, "disable_in": ["*.env"]}}, "somebodyElses": 1},
        {"completion": {"deadlineMs": 300.0, "disableIn": ["*.env"], "maxLines": None}, "log": None},
    ],
)
def test_an_editor_writes_camel_or_snake_case_nested_or_not_and_null_for_unset(
    editor: dict[str, Any],
) -> None:
    loaded = load(None, editor, {})
    assert loaded.settings.completion.deadline_ms == 300
    assert loaded.settings.completion.disable_in == ("*.env",)
    assert loaded.notes == ()


@pytest.mark.parametrize(
    ("variable", "text", "dotted", "value"),
    [
        ("NEARSIDE_COMPLETION_DEADLINE_MS", "300", "completion.deadline_ms", 300),
        ("NEARSIDE_COMPLETION_ENABLED", "no", "completion.enabled", False),
        ("NEARSIDE_COMPLETION_ENABLED", "TRUE", "completion.enabled", True),
        ("NEARSIDE_COMPLETION_LANGUAGES", "python, lua,,", "completion.languages", ("python", "lua")),
        ("NEARSIDE_COMPLETION_DISABLE_IN", "", "completion.disable_in", ()),
        ("NEARSIDE_MODEL_COMPLETION", "/models/a.gguf", "model.completion", "/models/a.gguf"),
        ("NEARSIDE_MODEL_COMPLETION", "hf:a/b/c.gguf", "model.completion", "hf:a/b/c.gguf"),
        (
            "NEARSIDE_MODEL_COMPLETION",
            '{"base_url": "http://127.0.0.1:8080/v1", "model": "m", "api_key_env": "KEY"}',
            "model.completion",
            Endpoint("http://127.0.0.1:8080/v1", "m", "KEY"),
        ),
        ("NEARSIDE_MODEL_GPU_LAYERS", "-1", "model.gpu_layers", -1),
        ("NEARSIDE_LOG_LEVEL", "DEBUG", "log.level", "debug"),
    ],
)
def test_the_environment_writes_every_kind_of_value(
    variable: str, text: str, dotted: str, value: object
) -> None:
    loaded = load(None, {}, {variable: text, "PATH": "/bin"})
    section, name = dotted.split(".")
    assert getattr(getattr(loaded.settings, section), name) == value
    assert loaded.notes == ()


def test_a_server_is_a_table_in_a_file_and_camel_case_in_an_editor(project: Path) -> None:
    write_user('[model]\ncompletion = {base_url = "http://127.0.0.1:1/v1", model = "q"}\n')
    assert load(None, {}, {}).settings.model.completion == Endpoint("http://127.0.0.1:1/v1", "q")
    editor = {"model": {"completion": {"baseUrl": "https://host/v1", "apiKeyEnv": "KEY"}}}
    assert load(None, editor, {}).settings.model.completion == Endpoint("https://host/v1", "", "KEY")


def test_a_relative_model_path_counts_from_the_place_it_is_written_in(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = write_user('[model]\ncompletion = "m/a.gguf"\n')
    assert load(project, {}, {}).settings.model.completion == str(user.parent / "m/a.gguf")
    (project / ".nearside.toml").write_text('[model]\ncompletion = "m/a.gguf"\n')
    assert load(project, {}, {}, trusted=True).settings.model.completion == str(project / "m/a.gguf")
    monkeypatch.chdir(project)
    environ = {"NEARSIDE_MODEL_COMPLETION": "./b.gguf"}
    assert load(None, {}, environ).settings.model.completion == str(project / "b.gguf")
    editor = {"model": {"completion": "m/a"}}
    assert load(project, editor, {}).settings.model.completion == str(project / "m/a")
    for name in ("auto", "a-name-of-a-model", "~/a.gguf", "/x/a.gguf", "hf:o/r/a.gguf"):
        assert load(project, {"model": {"completion": name}}, {}).settings.model.completion == name


def test_a_relative_place_of_the_index_counts_from_where_it_is_written(
    project: Path,
) -> None:
    user = write_user('[retrieval]\nuri = "index"\nembedder = "./model"\n').parent
    loaded = load(project, {}, {}).settings.retrieval
    assert (loaded.uri, loaded.embedder) == (str(user / "index"), str(user / "model"))
    for value in ({"uri": "s3://bucket/index"}, {"uri": ""}, {"embedder": "organisation/model"}):
        (name,) = value
        assert getattr(load(project, {"retrieval": value}, {}).settings.retrieval, name) == value[name]


def test_pyproject_is_the_project_file_where_there_is_no_nearside_toml(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.nearside.completion]\nmax_lines = 2\n'
    )
    loaded = load(project, {}, {})
    assert loaded.settings.completion.max_lines == 2
    assert loaded.origin["completion.max_lines"] == str(project / "pyproject.toml")
    (project / ".nearside.toml").write_text("[completion]\nmax_tokens = 3\n")
    assert load(project, {}, {}).settings.completion.max_lines == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[completion]\ndeadlne_ms = 3\n", "the nearest is completion.deadline_ms"),
        ("[complete]\ndeadline_ms = 3\n", "the nearest is completion"),
        ("deadline_ms = 3\n", "the nearest is completion.deadline_ms"),
        ("[model]\nmax_tokens = 3\n", "the nearest is completion.max_tokens"),
        ("zzz = 1\n", "`nearside settings` lists all"),
        ("completion = 1\n", "write its settings under [completion]"),
    ],
)
def test_an_unknown_key_names_the_nearest_one(text: str, expected: str) -> None:
    file = write_user(text)
    loaded = load(None, {}, {})
    assert expected in only_note(loaded)
    assert str(file) in only_note(loaded)
    assert loaded.settings == Settings()


def test_an_unknown_variable_names_the_nearest_one() -> None:
    note = only_note(load(None, {}, {"NEARSIDE_COMPLETION_DEADLNE_MS": "3"}))
    assert note.startswith("NEARSIDE_COMPLETION_DEADLNE_MS does nothing")
    assert "NEARSIDE_COMPLETION_DEADLINE_MS" in note


def test_a_thousand_unknown_keys_are_a_few_notes() -> None:
    write_user("".join(f"k{n} = 1\n" for n in range(1000)))
    notes = load(None, {}, {}).notes
    assert len(notes) == layers.MOST_UNKNOWN + 1
    assert notes[-1].startswith("990 more keys")


@pytest.mark.parametrize(
    ("section", "written", "reason"),
    [
        ("completion", 'deadline_ms = "soon"', '"soon" is not a whole number from 20 to 60000'),
        ("completion", "deadline_ms = 5", "5 is not a whole number from 20 to 60000"),
        ("completion", "deadline_ms = true", "true is not a whole number"),
        ("completion", "deadline_ms = inf", "inf is not a whole number"),
        ("completion", "deadline_ms = 300.5", "300.5 is not a whole number"),
        ("completion", "max_lines = 0x" + "f" * 9000, "is not a whole number from 1 to 1000"),
        ("completion", "enabled = 1", "1 is not true or false"),
        ("completion", 'languages = "python"', '"python" is not a list of strings'),
        ("completion", "languages = [1]", "[1] is not a list of strings"),
        ("model", 'kv_type = "q3"', '"q3" is not one of f16, q8_0'),
        ("model", 'completion = ""', "an empty string is not a model"),
        ("model", "completion = 3", "3 is not a string"),
        ("model", 'completion = "a\\u0000b"', "is not plain text"),
        ("model", "completion = {model = 'x'}", "its base_url is not an http:// or https:// address"),
        ("model", "completion = {base_url = 'ftp://x'}", "its base_url is not an http:// or https://"),
        ("model", "completion = {base_url = 'http://[x'}", "not an http:"),
        ("model", "completion = {base_url = 'http://me:pw@x'}", "is not to hold a password"),
        ("model", "completion = {url = 'http://x'}", '"url" is not one of base_url, model, api_key_env'),
        (
            "model",
            "completion = {base_url = 'http://x', api_key_env = 'sk-1'}",
            "not the name of an environment",
        ),
        ("web", 'search = ["google"]', '"google" is not one of searxng, brave, tavily, ddgs'),
        ("web", 'searxng_url = "localhost:8888"', "it is not an http:// or https:// address"),
        ("web", "ports = [443]", "[443] is not a list of strings"),
        ("web", 'ports = ["443", "0"]', 'is not a list of ports, as ["443"]'),
        ("web", 'ports = ["65536"]', "is not a list of ports"),
        ("web", 'ports = ["\u0664"]', "is not a list of ports"),
        ("log", 'level = "loud"', '"loud" is not one of debug, info, warning, error'),
    ],
)
def test_a_bad_value_keeps_the_one_below_and_says_why(section: str, written: str, reason: str) -> None:
    file = write_user(f"[{section}]\n{written}\n")
    loaded = load(None, {}, {})
    assert reason in only_note(loaded)
    assert f"{section}.{written.split()[0]} in {file} is not used" in only_note(loaded)
    assert loaded.settings == Settings()


def test_a_bad_value_keeps_what_the_user_wrote_not_the_default() -> None:
    write_user("[completion]\nmax_lines = 3\n")
    loaded = load(None, {"completion": {"maxLines": -1}}, {"NEARSIDE_COMPLETION_MAX_LINES": "many"})
    assert loaded.settings.completion.max_lines == 3
    assert [note.split(" is not used")[0] for note in loaded.notes] == [
        "completion.max_lines in the editor's settings",
        "NEARSIDE_COMPLETION_MAX_LINES",
    ]
    assert all("and 3 stays" in note for note in loaded.notes)


def test_a_note_never_quotes_a_key_put_in_the_wrong_place() -> None:
    environ = {"NEARSIDE_MODEL_COMPLETION": '{"base_url": "http://x", "api_key_env": "sk-secret"}'}
    assert "sk-secret" not in only_note(load(None, {}, environ))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[completion\nmax_lines = 1", "it is not valid TOML"),
        (b"a = 1\na = 2\n", "it is not valid TOML"),
        (b"\xff\xfe[", "it is not UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_note(content: bytes, reason: str) -> None:
    file = write_user(content)
    loaded = load(None, {}, {})
    assert only_note(loaded).startswith(f"{file} is not used, because ")
    assert reason in only_note(loaded)
    assert loaded.settings == Settings()


def test_a_byte_order_mark_is_no_mistake() -> None:
    write_user(b"\xef\xbb\xbf[completion]\nmax_lines = 1\n")
    assert load(None, {}, {}).settings.completion.max_lines == 1


def test_a_folder_in_place_of_a_file_is_one_note(project: Path) -> None:
    (project / ".nearside.toml").mkdir()
    assert "it is not a regular file" in only_note(load(project, {}, {}))


def test_a_pipe_in_place_of_a_file_does_not_block(project: Path) -> None:
    import os

    os.mkfifo(project / ".nearside.toml")
    assert "it is not a regular file" in only_note(load(project, {}, {}))


def test_a_broken_pyproject_is_a_note_only_where_it_speaks_of_us(project: Path) -> None:
    (project / "pyproject.toml").write_text("[project\n")
    assert load(project, {}, {}).notes == ()
    (project / "pyproject.toml").write_text("[tool.nearside\n")
    assert "it is not valid TOML" in only_note(load(project, {}, {}))
    (project / "pyproject.toml").write_text("[tool]\nnearside = 3 # tool.nearside\n")
    assert load(project, {}, {}).settings == Settings()


@pytest.mark.parametrize("editor", [[], 3, "x", [{"completion": {}}]])
def test_an_editor_that_sends_no_table_is_one_note(editor: Any) -> None:
    assert "the editor's settings" in only_note(load(None, editor, {}))


@pytest.mark.parametrize("workspace", [Path("/nowhere/at/all"), Path("a\0b"), Path("/dev/null")])
def test_a_workspace_that_is_not_a_folder_is_not_fatal(workspace: Path) -> None:
    assert load(workspace, {}, {}).settings == Settings()


leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["auto", "f16", "debug", "http://x", "true", "-1", "{", "[", "a,b", "\ud800", "\0"])
)  # fmt: skip
names = st.sampled_from([*(f.name for f in fields(Settings)), *(k.name for k in KEYS.values()), "nearside"])
junk = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
tables = st.dictionaries(names | st.text(max_size=8), junk, max_size=5)
variables = st.sampled_from([key.variable for key in KEYS.values()]) | st.text(max_size=6).map(
    "NEARSIDE_".__add__
)


@hypothesis_settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    editor=tables | junk,
    user=tables,
    theirs=tables,
    environ=st.dictionaries(
        variables, st.text(max_size=12) | st.sampled_from(["{}", "[" * 9999, "9" * 5000])
    ),
    trusted=st.booleans(),
)
@example(editor={"model": {"completion": {"base_url": 3}}}, user={}, theirs={}, environ={}, trusted=True)
def test_junk_in_any_layer_never_raises_and_gives_valid_settings(
    editor: Any,
    user: dict,
    theirs: dict,
    environ: dict,
    trusted: bool,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = project / ".nearside.toml"
    found = {paths.config_file(): user, own: theirs}
    monkeypatch.setattr(layers, "_read_toml", lambda path, notes: found.get(path))
    loaded = load(project, editor, environ, trusted=trusted)
    for dotted, key in KEYS.items():
        value = value_of(loaded.settings, dotted)
        table = isinstance(value, Endpoint) or dotted in ("cost.prices", "mcp.servers")
        again = accepted(key, (plain(value) or {}) if table else value)
        assert again == value, dotted
    json.dumps(loaded.notes).encode()  # fit to be sent to an editor
    assert all(note.isprintable() for note in loaded.notes)


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_junk_in_a_file_never_raises(content: bytes) -> None:
    write_user(content)
    assert isinstance(load(None, {}, {}).settings, Settings)


def test_a_read_only_state_folder_is_said_with_the_settings(home: Path) -> None:
    (home / "state").rmdir()
    (home / "state").write_text("")
    assert only_note(load(None, {}, {})).startswith(f"Nothing is written to {home / 'state/nearside'}")


def test_a_table_inside_a_section_is_read_from_every_layer(project: Path) -> None:
    write_user(b'[routing]\nkeep_local = 0.5\n[routing.actions]\ntests = "pytest -q"\n')
    editor = {"nearside": {"routing": {"actions": {"escalate": "Never", "tests": None}, "keepLocal": 0.7}}}
    routing = load(project, editor, {"NEARSIDE_ROUTING_ACTIONS_CHECKS": "parse"}).settings.routing
    assert (routing.keep_local, routing.actions.tests) == (Decimal("0.7"), "pytest -q")
    assert (routing.actions.escalate, routing.actions.checks) == ("never", ("parse",))
    assert "routing.actions is not used" in only_note(load(project, {"routing": {"actions": 3}}, {})).replace(
        " in the editor's settings", ""
    )


@pytest.mark.parametrize("name", ["api_key", "key", "token", "OPENAI_API_KEY"])
def test_a_key_in_a_projects_file_is_refused_and_not_repeated(name: str, project: Path) -> None:
    (project / ".nearside.toml").write_text(f"[cloud]\n{name} = 'sk-ant-1234'\n")
    note = only_note(load(project, {}, {}))
    assert "a key does not belong into settings" in note and "sk-ant" not in note


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "ftp://x"),
        ("base_url", "https://me:secret@x"),
        ("base_url", "http://[::1"),
        ("base_url", "http://x:99999"),
        ("api_key_env", "sk-ant-secret"),
    ],
)
def test_an_address_or_a_variable_that_is_none_is_not_repeated(name: str, value: str) -> None:
    loaded = load(None, {"cloud": {name: value}}, {})
    assert getattr(loaded.settings.cloud, name) == "" and "secret" not in only_note(loaded)
