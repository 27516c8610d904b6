"""What can be wrong with an index, and which of it an error of the storage library means.

StoreError              one line for the user
+-- StoreMissing        there is none, or one of an older layout, and nobody asked to make one
+-- StoreNewer          a later version of this program made it: leave it, make another beside it
+-- StoreDamaged        its files do not hold together: destroy it and index again
+-- StoreFull           the disk is full; what was committed before is intact and readable
+-- StoreReadOnly       it cannot be written; reading goes on
`-- StoreUnreachable    object storage did not answer, or refused
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from inference.types import NearsideError


class StoreError(NearsideError):
    """The index cannot be used as asked."""


class StoreMissing(StoreError): ...


class StoreNewer(StoreError): ...


class StoreDamaged(StoreError): ...


class StoreFull(StoreError): ...


class StoreReadOnly(StoreError): ...


class StoreUnreachable(StoreError): ...


FULL = ("os error 28", "os error 122", "No space left", "StorageFull", "QuotaExceeded")
FORBIDDEN = ("os error 13", "os error 30", "os error 1)", "Permission denied", "Read-only file system")
CONFLICT = ("Retryable commit conflict", "Incompatible transaction", "Commit conflict")


def is_local(uri: str) -> bool:
    return "://" not in uri


def is_conflict(error: Exception) -> bool:
    """Tell whether another process's commit came between; to do it again is right."""
    return any(mark in str(error) for mark in CONFLICT)


@contextlib.contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn whatever LanceDB and Arrow raise (only their text says what it is) into ours."""
    try:
        yield
    except (RuntimeError, ValueError, OSError, LookupError) as error:
        # Not the whole text: Lance adds a place in its own source.
        reason = str(error).partition(", /")[0].partition("\n")[0][:200] or type(error).__name__
        number = getattr(error, "errno", None)
        if number in (errno.ENOSPC, errno.EDQUOT) or any(mark in str(error) for mark in FULL):
            raise StoreFull(
                f"The index at {uri} was not written, because the disk is full; free some space."
            ) from error
        if number in (errno.EACCES, errno.EROFS, errno.EPERM) or any(m in str(error) for m in FORBIDDEN):
            raise StoreReadOnly(
                f"The index at {uri} was not written, because that is not allowed; make it writable."
            ) from error
        if not is_local(uri):
            raise StoreUnreachable(
                f"The index at {uri} cannot be used ({reason}); look at retrieval.uri."
            ) from error
        raise StoreDamaged(
            f"The index at {uri} cannot be read ({reason}); it has to be made again, with nearside index."
        ) from error
