"""The two tables in LanceDB's and Arrow's terms: schemas, indexes, queries. Errors are theirs."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from retrieval.rows import Hit, Row, restored, storable

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.db import DBConnection
    from lancedb.table import Table

SCHEMA = 1
"""Version of the tables' layout. Another one means: index again."""
PROBES, REFINE = 20, 10
"""Partitions looked at, and candidates per result compared exactly: recall@10 is .99 at 100k."""
IN_LIST = 500
"""Values in one SQL list."""
HIT_COLUMNS = ["path", "hash", "language", "symbol", "header", "first", "last", "private", "text"]


def opened(database: DBConnection, name: str) -> Table | None:
    try:
        return database.open_table(name)
    except (ValueError, FileNotFoundError) as error:
        if "not found" in str(error):
            return None
        raise


def created(database: DBConnection, name: str, schema: pa.Schema, *, over: bool) -> Table:
    """Make an empty table, in place of another where `over` says that there is one."""
    return database.create_table(name, schema=schema, mode="overwrite" if over else "create")


def about(table: Table) -> dict[str, str]:
    """Return what was noted when a table was made; Arrow's metadata works on object storage too."""
    found = table.schema.metadata or {}
    return {key.decode(): value.decode() for key, value in found.items()}


def is_of(vectors: Table, identity: str, dimensions: int) -> bool:
    made = about(vectors)
    wanted = {"schema": str(SCHEMA), "identity": identity, "dimensions": str(dimensions)}
    return all(made.get(key) == value for key, value in wanted.items())


def chunk_schema() -> pa.Schema:
    import pyarrow as pa

    kinds = {"str": pa.string(), "int": pa.int32(), "bool": pa.bool_()}
    made = {"schema": str(SCHEMA), "made": uuid.uuid4().hex}
    return pa.schema([pa.field(item.name, kinds[str(item.type)]) for item in fields(Row)], metadata=made)


def vector_schema(identity: str, dimensions: int) -> pa.Schema:
    import pyarrow as pa

    # Half precision halves the disk; what it does to the order of results cannot be measured.
    vector = pa.list_(pa.float16(), dimensions)
    columns = [("batch", pa.int64()), ("hash", pa.string()), ("vector", vector)]
    made = {
        "schema": str(SCHEMA),
        "made": uuid.uuid4().hex,
        "identity": identity,
        "dimensions": str(dimensions),
    }
    return pa.schema(columns, metadata=made)


def chunk_table(rows: Sequence[Row]) -> pa.Table:
    import pyarrow as pa

    schema = chunk_schema().remove_metadata()
    columns = []
    for column in schema:
        values = [getattr(row, column.name) for row in rows]
        if pa.types.is_string(column.type):
            values = [storable(value) for value in values]
        columns.append(pa.array(values, column.type))
    return pa.Table.from_arrays(columns, schema=schema)


def vector_table(hashes: Sequence[str], vectors: np.ndarray) -> pa.Table:
    import pyarrow as pa

    # The batch tells readers what is new to them. Only one process writes, and time goes on between two.
    batch = pa.array([time.time_ns()] * len(hashes), pa.int64())
    flat = pa.array(np.ascontiguousarray(vectors, np.float16).ravel(), pa.float16())
    rows = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return pa.table({"batch": batch, "hash": pa.array(hashes, pa.string()), "vector": rows})


def index_words(chunks: Table) -> None:
    from lancedb.index import FTS, BTree

    # English stems and stop words raise MRR from 36 to 42 for questions, and cost identifiers nothing.
    chunks.create_index("words", config=FTS(base_tokenizer="simple", stem=True, remove_stop_words=True))
    chunks.create_index("path", config=BTree())
    chunks.create_index("hash", config=BTree())


def index_hashes(vectors: Table) -> None:
    from lancedb.index import BTree

    vectors.create_index("hash", config=BTree())


def indexed(table: Table, column: str) -> bool:
    return any(column in index.columns for index in table.list_indices())


def index_vectors(vectors: Table) -> None:
    from lancedb.index import IvfRq

    vectors.create_index("vector", config=IvfRq(distance_type="cosine"))


def approximate(table: Table, vector: np.ndarray, k: int) -> dict[str, float]:
    search: Any = table.search(vector.astype(np.float32), vector_column_name="vector")
    search = search.distance_type("cosine").nprobes(PROBES).refine_factor(REFINE)
    found = search.select(["hash", "_distance"]).limit(k).to_arrow()
    pairs = zip(found["hash"].to_pylist(), found["_distance"].to_pylist(), strict=True)
    return {key: 1 - distance for key, distance in pairs}


def word_matches(chunks: Table, terms: str, k: int) -> list[Hit]:
    found = _matches(chunks, terms, HIT_COLUMNS, k)
    return hits_of(found, found["_score"].to_pylist())


def word_keys(chunks: Table, terms: str, k: int) -> list[str]:
    found = _matches(chunks, terms, ["hash"], k)
    ranked = sorted(zip(found["_score"].to_pylist(), found["hash"].to_pylist(), strict=True), reverse=True)
    return list(dict.fromkeys(key for _, key in ranked))


def _matches(chunks: Table, terms: str, columns: list[str], k: int) -> pa.Table:
    from lancedb.query import MatchQuery

    match = cast(Any, MatchQuery)(storable(terms), "words")
    # Naming _score keeps Lance from writing a warning to stderr at every query.
    return chunks.search(match, query_type="fts").select([*columns, "_score"]).limit(k).to_arrow()


def scan(table: Table, columns: list[str], condition: str = "") -> pa.Table:
    search = table.search().select(columns)
    return (search.where(condition) if condition else search).to_arrow()


def conditions(column: str, values: Iterable[str]) -> Iterator[str]:
    """Yield SQL that selects these values, in lists short enough for the planner."""
    quoted = ["'" + value.replace("'", "''") + "'" for value in values]
    for start in range(0, len(quoted), IN_LIST):
        yield f"{column} IN ({', '.join(quoted[start : start + IN_LIST])})"


def hits_of(found: pa.Table, scores: list[float]) -> list[Hit]:
    columns = [found[name].to_pylist() for name in HIT_COLUMNS]
    hits: list[Hit] = []
    for path, key, language, symbol, header, first, last, private, text, score in zip(
        *columns, scores, strict=True
    ):
        names = restored(path), key, language, symbol, restored(header)
        hits.append(Hit(*names, first, last, private, text, score))
    return hits


def best(found: list[Hit], k: int) -> list[Hit]:
    return sorted(found, key=lambda hit: (-hit.score, hit.path, hit.first, hit.last))[:k]
