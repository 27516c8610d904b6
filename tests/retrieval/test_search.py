"""What is found exists, as it is now; names come first; no file fills the answer."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from retrieval.fuse import fuse
from retrieval.store import Store
from retrieval.workspace import Workspace
from tests.retrieval.conftest import FILES, Project


def paths(workspace: Workspace, query: str, k: int = 5) -> list[str]:
    return [one.path for one in workspace.search.search(query, k)]


def test_a_symbol_of_exactly_this_name_comes_first(project: Project) -> None:
    project.write("docs.md", "# Money\n\n" + "Money money Money. " * 50)
    with project.index() as workspace:
        first = workspace.search.search("Money", 5)[0]
        assert (first.path, first.symbol, first.why) == ("shop/money.py", "Money", "name")
        qualified = workspace.search.search("Cart.total_price", 5)[0]
        assert (qualified.path, qualified.symbol) == ("shop/cart.py", "Cart.total_price")


def test_two_hits_of_a_file_at_most(project: Project) -> None:
    project.write("many.py", "".join(f"def refund_{n}(order):\n    return order\n\n\n" for n in range(20)))
    with project.index() as workspace:
        found = paths(workspace, "refund an order", 10)
        assert found.count("many.py") == 2


def test_a_file_that_has_all_the_best_hits_hides_no_other(project: Project) -> None:
    project.write("many.py", "".join(f"def refund_{n}(order):\n    return order\n\n\n" for n in range(90)))
    project.write("late.py", "def late():\n    # " + "of other things " * 30 + "\n    return refund(order)\n")
    with project.index() as workspace:
        assert "late.py" in paths(workspace, "refund an order", 4)


def test_a_hit_says_what_found_it_and_counts_lines_from_one_for_people(project: Project) -> None:
    with project.index() as workspace:
        hit = workspace.search.search("send a receipt to an address", 1)[0]
        assert "words 1" in hit.why and "meaning" in hit.why
        assert (hit.first, hit.as_json()["line"]) == (0, 1)
        assert "def send_receipt" in hit.text


def test_reading_only_the_best_rows_gives_what_reading_all_gives(project: Project) -> None:
    chance = Random(1)
    names = ["order", "cart", "send", "receipt", "money", "line", "price", "mail", "address", "total"]
    for number in range(30):
        bodies = [" + ".join(chance.choices(names, k=chance.randint(3, 40))) for _ in range(12)]
        text = "".join(f"def f_{number}_{n}(cart):\n    return {body}\n\n\n" for n, body in enumerate(bodies))
        project.write(f"many/orders_{number}.py", text)
    with project.index() as workspace:
        store = workspace.indexer.shelf.store
        assert store
        for query in ("send the cart of an order", "mail line", "a receipt for money"):
            keys = {"words": workspace.search.by_words(query), "meaning": workspace.search.by_meaning(query)}
            rows = {hit.hash: hit for hit in store.rows({key for some in keys.values() for key in some})}
            lists = {name: [rows[key] for key in some if key in rows] for name, some in keys.items()}
            wanted = [(one.hit.path, one.hit.first) for one in fuse(lists, 20)]
            found = [(one.path, one.first) for one in workspace.search.search(query, 20)]
            assert found == wanted and len(found) == 20


def test_few_rows_are_read_for_a_search(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        project.write(f"many/orders_{number}.py", f"def order_{number}(cart):\n    return cart.lines\n")
    with project.index() as workspace:
        read: list[int] = []
        rows = Store.rows
        monkeypatch.setattr(Store, "rows", lambda store, some: read.append(len(some)) or rows(store, some))
        assert len(workspace.search.search("order cart lines", 5)) == 5
        assert len(read) == 1 and read[0] <= 20


def test_what_is_deleted_on_disk_is_not_shown_before_anyone_tells(project: Project) -> None:
    with project.index() as workspace:
        (project.root / "shop/mail.py").unlink()
        assert "shop/mail.py" not in paths(workspace, "send a receipt to an address")
        assert "shop/mail.py" not in paths(workspace, "send_receipt")


def test_what_moved_on_disk_is_shown_where_it_is_now(project: Project) -> None:
    with project.index() as workspace:
        project.write("shop/mail.py", "# a new line\n\n" + FILES["shop/mail.py"])
        hit = workspace.search.search("send a receipt to an address", 1)[0]
        assert (hit.path, hit.first) == ("shop/mail.py", 2)


def test_a_changed_symbol_is_shown_with_its_text_of_now(project: Project) -> None:
    with project.index() as workspace:
        project.write("shop/mail.py", "X = 1\n\n\ndef send_receipt(address, cart):\n    return 42\n")
        hit = workspace.search.search("send a receipt to an address", 1)[0]
        assert (hit.path, hit.first) == ("shop/mail.py", 3) and "return 42" in hit.text


def test_a_symbol_an_unsaved_buffer_no_longer_has_is_not_shown(project: Project) -> None:
    with project.index() as workspace:
        workspace.indexer.edited("shop/mail.py", "def something_else(): pass\n", "python")
        assert "send_receipt" not in str(workspace.search.search("send a receipt to an address", 5))


def test_any_text_is_a_safe_query(project: Project) -> None:
    with project.index() as workspace:
        for query in (
            "",
            " ",
            '"',
            "' OR 1=1 --",
            "(((",
            "\ud800",
            "a" * 10_000,
            "AND NOT",
            "*",
            "\0",
            "..::",
        ):
            workspace.search.search(query, 5)


def test_similar_code_is_of_other_files(project: Project) -> None:
    with project.index() as workspace:
        search = workspace.search
        query = search.similar_query("x = 1\n" * 100 + "receipt = send_receipt(address, cart)\n")
        assert query.count("\n") == 19
        lists = {"words": search.by_words(query)}
        assert [one.path for one in search.similar("shop/page.py", lists, 3)][0] == "shop/mail.py"
        assert "shop/mail.py" not in [one.path for one in search.similar("shop/mail.py", lists, 3)]


def test_a_link_that_leads_outside_is_not_read(project: Project, home: Path) -> None:
    outside = home / "outside.py"
    outside.write_text("def outside_secret(): pass\n")
    (project.root / "inside.py").symlink_to(outside)
    with project.index() as workspace:
        assert not any(path.startswith(("inside", "..")) for path in paths(workspace, "outside_secret"))
