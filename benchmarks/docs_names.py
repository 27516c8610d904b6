"""Forty names of the packages in our own environment, each with what a right answer holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """A name, and what tells a right answer from a wrong one."""

    name: str
    kind: str
    """`function`, `class`, `method`, `re-export` or `wrong`."""
    signature: str = ""
    """What its signature holds."""
    where: str = ""
    """What the place it is found at ends in, its line aside."""
    meant: str = ""
    """Of a wrong name: what has to be suggested."""


def _function(name: str, signature: str, where: str) -> Asked:
    return Asked(name, "function", signature, where)


NAMES = (
    _function("json.dumps", "def dumps(obj", "json/__init__.py"),
    _function("os.path.join", "def join(a", "posixpath.py"),
    _function("random.randint", "def randint(a, b", "random.py"),
    _function("requests.request", "def request(method", "requests/api.py"),
    _function("packaging.version.parse", "def parse(version", "packaging/version.py"),
    _function("click.echo", "def echo(message", "click/utils.py"),
    _function("idna.encode", "def encode(s", "idna/core.py"),
    _function("yaml.safe_load", "def safe_load(stream", "yaml/__init__.py"),
    _function("networkx.shortest_path", "def shortest_path(G", "shortest_paths/generic.py"),
    Asked("requests.Session", "class", "class Session(", "requests/sessions.py"),
    Asked("rich.console.Console", "class", "class Console", "rich/console.py"),
    Asked("pydantic.BaseModel", "class", "class BaseModel", "pydantic/main.py"),
    Asked("collections.OrderedDict", "class", "class OrderedDict", "collections/__init__.py"),
    Asked("pathlib.Path", "class", "class Path", "pathlib.py"),
    Asked("numpy.ndarray", "class", "class ndarray", "numpy/__init__.pyi"),
    Asked("filelock.FileLock", "class", "class SoftFileLock", "filelock/_soft.py"),
    Asked("httpx2.Client", "class", "class Client", "httpx2/_client.py"),
    Asked("starlette.applications.Starlette", "class", "class Starlette", "starlette/applications.py"),
    Asked("requests.Session.get", "method", "def get(url", "requests/sessions.py"),
    Asked("pathlib.Path.read_text", "method", "def read_text(encoding", "pathlib.py"),
    Asked("datetime.datetime.now", "method", "def now(tz", "datetime.py"),
    Asked("rich.table.Table.add_row", "method", "def add_row(", "rich/table.py"),
    Asked("pathlib.PosixPath.with_suffix", "method", "def with_suffix(suffix", "pathlib.py"),
    Asked("numpy.ndarray.reshape", "method", "def reshape(", "numpy/__init__.pyi"),
    Asked("requests.HTTPError.with_traceback", "method", "with_traceback", "exceptions.html"),
    Asked("typer.Typer.command", "method", "def command(", "typer/main.py"),
    Asked("httpx2.AsyncClient.aclose", "method", "async def aclose(", "httpx2/_client.py"),
    Asked("str.join", "method", "def join(", "stdtypes.html"),
    Asked("numpy.linalg.norm", "re-export", "def norm(x", "numpy/linalg/_linalg.py"),
    Asked("numpy.mean", "re-export", "def mean(a", "numpy/_core/fromnumeric.py"),
    Asked("pytest.fixture", "re-export", "def fixture(", "_pytest/fixtures.py"),
    Asked("huggingface_hub.hf_hub_download", "re-export", "def hf_hub_download(", "file_download.py"),
    Asked("anyio.sleep", "re-export", "def sleep(delay", "anyio/_core/_eventloop.py"),
    Asked("rich.print", "re-export", "def print(", "rich/__init__.py"),
    Asked("dumps", "re-export", "def dumps(obj", "json/__init__.py"),
    Asked("requests.Session.gett", "wrong", meant="requests.Session.get"),
    Asked("numpy.linalg.nrom", "wrong", meant="numpy.linalg.norm"),
    Asked("jsn.dumps", "wrong", meant="json.dumps"),
    Asked("rich.console.Consle", "wrong", meant="rich.console.Console"),
    Asked("pathlib.Path.read_txt", "wrong", meant="pathlib.Path.read_text"),
)  # fmt: skip
