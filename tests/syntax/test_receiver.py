"""What stands before a cursor in the same expression is read backwards."""

from __future__ import annotations

import pytest

from syntax.receiver import MOST_PARTS, Receiver, receiver

CASES = [
    ("x = self.client.get(a, 'b)').na", "python", ("self", "client", "get()"), ".", "na"),
    ("foo(self.x, b.", "python", ("b",), ".", ""),
    ("y = x", "python", (), "", "x"),
    ("", "python", (), "", ""),
    ('"abc".up', "python", ('""',), ".", "up"),
    ("(a + b).", "python", ("()",), ".", ""),
    ("items[0][k].nam", "python", ("items[][]",), ".", "nam"),
    ("super().", "python", ("super()",), ".", ""),
    ("x = await self.g(\n    1,\n).", "python", ("self", "g()"), ".", ""),
    ("{a: b", "python", (), "", "b"),
    ("    @pro", "python", (), "", "pro"),
    ("this.x?.y", "typescript", ("this", "x"), "?.", "y"),
    ("new Foo<T>(1).", "typescript", ("Foo()",), ".", ""),
    ("promise.then(x => { return y })\n  .ca", "javascript", ("promise", "then()"), ".", "ca"),
    ("  .then(x)\n  .ca", "javascript", ("()", "then()"), ".", "ca"),
    ("...args.", "javascript", ("args",), ".", ""),
    ("  return a->b.", "c", ("a", "b"), ".", ""),
    ("std::vector<int>::it", "cpp", ("std", "vector"), "::", "it"),
    ("$this->foo()->ba", "php", ("$this", "foo()"), "->", "ba"),
    ("tree:wa", "lua", ("tree",), ":", "wa"),
    ("a ? b : c.d", "javascript", ("c",), ".", "d"),
    ("@client.ge", "ruby", ("@client",), ".", "ge"),
    ("x?.get()?.", "rust", ("x", "get()"), "?.", ""),
    ("for i in 0..n", "rust", (), "", "n"),
    ("3.", "python", (), "", ""),
]


@pytest.mark.parametrize(("before", "language", "parts", "mark", "partial"), CASES)
def test_receivers(before: str, language: str, parts: tuple[str, ...], mark: str, partial: str) -> None:
    found = receiver(before, language)
    assert (found.parts, found.partial) == (parts, partial)
    assert not parts or found.mark == mark


def test_long_chains_and_brackets_without_end_take_no_time() -> None:
    assert len(receiver("a." * 5000 + "b", "python").parts) == MOST_PARTS
    assert receiver(")" * 100_000 + ".", "python").parts == ("()",)
    assert receiver("(" * 100_000, "python") == Receiver()
