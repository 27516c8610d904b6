"""A server that speaks the OpenAI wire format (`/v1/embeddings`), at an address or on a unix socket."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from retrieval.embedders.protocol import EmbedderUnavailable
from settings.schema import Endpoint

if TYPE_CHECKING:
    import httpx2

BATCH = 64
"""Texts in one request; servers take from 64 (llama-server by its batch) to 2,048 (OpenAI)."""
LONGEST = 8_000
"""Characters of a text: the shortest usual context is 2,048 tokens, and code has 3 to 4 characters in one."""
TRIES = 4
TIMEOUT = 60.0
"""Seconds for one request; a server on a CPU needs some for a batch."""
PATIENCE = 30.0
"""Seconds to wait at most because a server says so (retry-after); the work is resumed later anyway."""
AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}


class EndpointModel:
    """Asks the server once for the size of its vectors; the key comes from a variable of the environment."""

    def __init__(self, endpoint: Endpoint, *, socket: Path | None = None) -> None:
        base = endpoint.base_url.rstrip("/").removesuffix("/embeddings").removesuffix("/v1")
        self._url = ("http://engine" if socket else base) + "/v1/embeddings"
        self.name = f"the engine at {socket}" if socket else base
        self._endpoint, self._socket = endpoint, socket
        self._lock = threading.Lock()
        self._http: httpx2.Client | None = None
        self._size = 0
        self._reported = ""

    @property
    def identity(self) -> str:
        self._probe()
        model = self._reported or self._endpoint.model
        place = "engine" if self._socket else self._url
        return f"{place}:{model} float32 length={LONGEST}characters dimensions={self._size}"

    @property
    def dimensions(self) -> int:
        self._probe()
        return self._size

    def embed(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return float32 (len(texts), dimensions). Tries again where the server asks for it."""
        parts = [self._ask(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, self.dimensions), np.float32)

    def _probe(self) -> None:
        if not self._size:
            self._ask(["size"])

    def _ask(self, texts: Sequence[str]) -> np.ndarray:
        # An empty text is refused by some servers, and a lone surrogate is no JSON.
        valid = [text[:LONGEST].encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
        body = {"model": self._endpoint.model, "input": valid, "encoding_format": "float"}
        answer = self._post(body)
        try:
            rows = sorted(answer["data"], key=lambda row: row["index"])
            found = np.array([row["embedding"] for row in rows], np.float32)
            lengths = np.linalg.norm(found, axis=1, keepdims=True)
            if found.shape[0] != len(valid) or not np.isfinite(found).all() or not lengths.all():
                raise ValueError("wrong count or numbers")
        except (KeyError, TypeError, ValueError) as error:
            raise self._unavailable("its answer is no list of embeddings") from error
        if self._size and found.shape[1] != self._size:
            raise self._unavailable(f"its vectors have {found.shape[1]} numbers instead of {self._size}")
        self._size = found.shape[1]
        self._reported = self._reported or str(answer.get("model") or "")
        return found / lengths

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        import httpx2

        problem = ""
        for attempt in range(TRIES):
            pause = 0.5 * 2**attempt
            try:
                response = self._client().post(self._url, json=body, headers=self._headers())
            except httpx2.ConnectError as error:
                raise self._unavailable("nothing answers there") from error
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
                problem = str(error).partition("\n")[0] or type(error).__name__
            else:
                if response.status_code == 200:
                    try:
                        answer = response.json()
                        return answer if isinstance(answer, dict) else {}
                    except ValueError as error:
                        raise self._unavailable("its answer is no JSON") from error
                problem = f"it answered {response.status_code}"
                if response.status_code not in AGAIN:
                    break
                pause = _seconds(response.headers.get("retry-after", ""), pause)
            if attempt < TRIES - 1:
                time.sleep(min(pause, PATIENCE))
        raise self._unavailable(problem)

    def _headers(self) -> dict[str, str]:
        variable = self._endpoint.api_key_env
        if not variable:
            return {}
        key = os.environ.get(variable, "").strip()
        if not key:
            raise self._unavailable(f"the environment variable {variable} with its key is not set")
        return {"Authorization": f"Bearer {key}"}

    def _client(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._http is None:
                transport = httpx2.HTTPTransport(uds=str(self._socket)) if self._socket else None
                # A proxy of the environment is for servers elsewhere.
                trust = not self._socket and not _on_this_machine(self._url)
                self._http = httpx2.Client(transport=transport, timeout=TIMEOUT, trust_env=trust)
            return self._http

    def _unavailable(self, reason: str) -> EmbedderUnavailable:
        return EmbedderUnavailable(
            f"{self.name} does not embed ({reason}); look at retrieval.embedder, or set it to minilm."
        )


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _seconds(header: str, otherwise: float) -> float:
    """Return the pause of a retry-after header in seconds; its other form, a date, is seldom sent."""
    try:
        return max(0.0, float(header))
    except ValueError:
        return otherwise
