"""A web of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fake_web import FakeWeb


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWeb]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("BRAVE_API_KEY", "TAVILY_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with FakeWeb() as fake:
        yield fake
