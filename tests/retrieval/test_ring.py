"""The ring keeps the places the user was at, each once, as they are now, and never a secret."""

from __future__ import annotations

from random import Random

import pytest

from retrieval.context import Query
from retrieval.neighbourhoods import NEIGHBOUR_LINES, Neighbourhood, cut, similarity, words
from retrieval.ring import QUEUE, SIZE, RecentPlaces, Ring
from settings.private import is_private
from syntax.definitions import definitions


def chunk(number: int, path: str = "a.py", first: int = 0) -> Neighbourhood:
    return Neighbourhood(path, " ".join(f"word{number}_{n}" for n in range(10)), first)


def texts(ring: Ring) -> list[str]:
    return [entry.chunk.text.split()[0] for entry in ring.entries]


def test_chunks_move_into_the_ring_one_at_a_time_in_their_order() -> None:
    ring = Ring()
    for number in range(3):
        assert ring.offer(chunk(number, first=100 * number))
    assert texts(ring) == [] and ring.queued == 3
    assert ring.advance() and texts(ring) == ["word0_0"]
    assert ring.advance() and ring.advance() and not ring.advance()
    assert texts(ring) == ["word0_0", "word1_0", "word2_0"]


def test_the_oldest_go_when_there_are_too_many() -> None:
    ring = Ring()
    for number in range(SIZE + QUEUE + 5):
        ring.offer(chunk(number, f"{number}.py"))
        if number >= QUEUE:
            ring.advance()
    while ring.advance():
        pass
    assert len(ring.entries) == SIZE
    assert texts(ring)[-1] == f"word{SIZE + QUEUE + 4}_0"


def test_a_chunk_that_is_there_stays_where_it_is() -> None:
    ring = Ring()
    for number in (0, 1, 0):
        ring.offer(chunk(number, first=100 * number))
        ring.advance()
    assert texts(ring) == ["word0_0", "word1_0"]


def test_a_newer_chunk_takes_the_place_of_one_that_is_nearly_the_same() -> None:
    ring = Ring()
    old = Neighbourhood("a.py", " ".join(f"w{n}" for n in range(40)))
    new = Neighbourhood("b.py", " ".join(f"w{n}" for n in range(1, 41)))
    ring.offer(old)
    ring.advance()
    ring.offer(new)
    assert ring.entries == () and ring.queued == 1


def test_an_older_state_of_the_same_lines_goes() -> None:
    ring = Ring()
    old, new = "def f(one, two): return one + two", "def f(one, two, three, four): return three * four"
    ring.offer(Neighbourhood("a.py", old))
    ring.offer(Neighbourhood("a.py", new, 100))
    ring.offer(Neighbourhood("b.py", new + " - five + six"))
    assert ring.queued == 3
    ring.offer(Neighbourhood("a.py", old + " + seven - eight"))
    assert ring.queued == 3


def test_secrets_and_emptiness_are_not_taken() -> None:
    ring = Ring()
    assert not ring.offer(chunk(1, ".env"))
    assert not ring.offer(Neighbourhood("a.py", " \n\t"))
    assert ring.queued == 0


@pytest.mark.parametrize(
    "path",
    [
        ".env", "web/.env.local", "prod.env", "a/server.pem", "tls.key", "id_rsa", "id_ed25519",
        "/home/u/.ssh/config", ".aws/credentials", "C:\\Users\\u\\.netrc", "Secrets.yaml", "terraform.tfvars",
        ".npmrc", "store.jks",
    ],
)  # fmt: skip
def test_files_that_hold_secrets_are_known_by_name(path: str) -> None:
    assert is_private(path)


@pytest.mark.parametrize(
    "path", ["environment.py", "keys.py", "secret_sharing.py", "pem.c", "docs/env.md", "tokens.py"]
)
def test_ordinary_files_are_not_taken_for_secrets(path: str) -> None:
    assert not is_private(path)


def test_similarity_is_dices_coefficient() -> None:
    assert similarity(words("a b c"), words("a, b; d")) == pytest.approx(2 * 2 / 6)
    assert similarity(words("a"), words("a")) == 1 and similarity(words(""), words("")) == 0


def functions(sizes: list[int]) -> str:
    return "".join(f"def f{n}():\n" + "    pass\n" * (size - 1) + "\n" for n, size in enumerate(sizes))


def test_a_chunk_is_a_whole_definition_where_one_fits() -> None:
    text = functions([5, 10, 5])
    made = cut("a.py", text.split("\n"), 8, definitions(text, "python"))
    assert made and made.text.startswith("def f1():") and made.text.count("\n") == 9
    assert made.first == 6


def test_a_chunk_of_a_long_definition_stays_in_it() -> None:
    text = functions([5, 100, 5])
    lines, known = text.split("\n"), definitions(text, "python")
    for line in range(6, 106):
        made = cut("a.py", lines, line, known)
        assert made and "def f0" not in made.text and "def f2" not in made.text
        assert made.first <= line <= made.last < made.first + NEIGHBOUR_LINES


def test_a_chunk_between_definitions_reaches_into_none() -> None:
    text = functions([5]) + "x = 1\ny = 2\n\n" + functions([6])
    made = cut("a.py", text.split("\n"), 6, definitions(text, "python"))
    assert made and made.text == "x = 1\ny = 2" and made.first == 6


def test_a_chunk_without_a_grammar_is_the_lines_around() -> None:
    lines = [f"line {n}" for n in range(200)]
    for line in range(200):
        made = cut("a.txt", lines, line)
        assert made and made.text.count("\n") == NEIGHBOUR_LINES - 1
        assert made.first <= line <= made.last


def test_a_chunk_of_any_place_is_part_of_its_text() -> None:
    chance = Random(1)
    for _ in range(200):
        text = functions(
            [chance.randint(1, 60) for _ in range(chance.randint(0, 6))]
        ) + "x = 1\n" * chance.randint(0, 9)
        lines = text.split("\n")
        line = chance.randrange(len(lines))
        made = cut("a.py", lines, line, definitions(text, "python"))
        if made:
            assert made.text in text and 0 < len(made.text.split("\n")) <= NEIGHBOUR_LINES


def test_nothing_is_cut_where_there_is_nothing() -> None:
    assert cut("a.py", [""], 0) is None
    assert cut("a.py", ["x" * 5000], 0) is None


async def test_later_chunks_and_those_that_share_names_count_more() -> None:
    ring = Ring()
    for name, path in (("alpha", "a"), ("beta", "b"), ("gamma", "c")):
        ring.offer(Neighbourhood(path, f"def {name}(one_{name}, two_{name}): ..."))
        ring.advance()
    source = RecentPlaces(ring)
    plain = {c.snippet.path: c.score for c in await source.candidates(Query("x", "python", "nothing ", ""))}
    assert plain["a"] < plain["b"] < plain["c"]
    named = {c.snippet.path: c.score for c in await source.candidates(Query("x", "python", "alpha ", ""))}
    assert named["a"] > named["c"] > named["b"]
