"""The index is what the files are, and only what changed costs anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from retrieval import indexer as indexer_module
from retrieval import pool, reading
from retrieval.catalogue import Catalogue, dump_facts, load_facts
from retrieval.pace import Pace, Progress
from retrieval.store import Row, Store, StoreDamaged, StoreFull
from retrieval.workspace import Workspace, folder_of, uri_of
from settings.schema import Retrieval
from syntax.extract import facts
from tests.retrieval.conftest import FILES, Project

Found = Callable[..., list[str]]


def age(project: Project) -> None:
    """Make every file old enough for its time to be believed."""
    for file in project.root.rglob("*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))


def store(workspace: Workspace) -> Store:
    assert workspace.indexer.shelf.store
    return workspace.indexer.shelf.store


def names(workspace: Workspace, query: str) -> list[str]:
    return [found.symbol.qualified for found in workspace.indexer.graph.named(query, 10)]


def test_everything_is_searchable_by_name_by_words_and_by_vector(project: Project, found: Found) -> None:
    with project.index() as workspace:
        assert names(workspace, "send_receipt") == ["send_receipt"]
        assert found(workspace, "total price of a cart")[0] == "shop/cart.py:Cart.total_price"
        counts = store(workspace).counts()
        assert counts.chunks >= 5 and counts.vectors == counts.chunks == len(project.embedder.texts)
    assert project.notes == []


def test_what_did_not_change_is_neither_read_nor_embedded_again(project: Project, found: Found) -> None:
    age(project)
    with project.index():
        embedded = len(project.embedder.texts)
    with project.index() as workspace:
        assert (workspace.indexer.counts.parsed, workspace.indexer.counts.known) == (0, len(FILES))
        assert len(project.embedder.texts) == embedded
        assert names(workspace, "Money") == ["Money"]
        assert found(workspace, "send_receipt")[0] == "shop/mail.py:send_receipt"


def test_a_file_that_was_just_written_is_read_again_because_its_time_may_lie(project: Project) -> None:
    with project.index():
        pass
    money = project.root / "shop/money.py"
    before = money.stat()
    project.write("shop/money.py", FILES["shop/money.py"].replace("Money", "Coins"))
    os.utime(money, ns=(before.st_atime_ns, before.st_mtime_ns))
    with project.index() as workspace:
        assert names(workspace, "Coins") == ["Coins"]
        assert names(workspace, "Money") == []


def test_one_changed_file_costs_one_parse_and_the_chunks_that_are_new(project: Project, found: Found) -> None:
    age(project)
    with project.index():
        embedded = len(project.embedder.texts)
    project.write("shop/mail.py", FILES["shop/mail.py"] + "\n\ndef send_reminder(address):\n    pass\n")
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == 1
        assert len(project.embedder.texts) == embedded + 1
        assert found(workspace, "send_reminder")[0] == "shop/mail.py:send_reminder"


def test_a_branch_switch_reads_what_differs_and_embeds_what_is_new(project: Project, found: Found) -> None:
    age(project)
    with project.index():
        pass
    embedded = len(project.embedder.texts)
    project.write("shop/cart.py", FILES["shop/cart.py"].replace("total_price", "whole_price"))
    (project.root / "shop/mail.py").unlink()
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == 1
        assert found(workspace, "send_receipt") == [] or "mail.py" not in str(
            found(workspace, "send_receipt")
        )
        assert "total_price" not in str(found(workspace, "total_price"))
    there = len(project.embedder.texts)
    assert there > embedded
    for path in ("shop/cart.py", "shop/mail.py"):
        project.write(path, FILES[path])
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == 2
        assert found(workspace, "total_price")[0] == "shop/cart.py:Cart.total_price"
    assert len(project.embedder.texts) == there, "the way back embeds nothing"


def test_a_clone_elsewhere_embeds_nothing(project: Project) -> None:
    with project.index():
        embedded = len(project.embedder.texts)
    clone = Project(project.root.with_name("clone"), project.embedder)
    shutil.copytree(project.root, clone.root)
    with clone.index() as workspace:
        assert store(workspace).counts().vectors == embedded
    assert len(project.embedder.texts) == embedded


def test_another_embedder_makes_every_vector_anew(project: Project) -> None:
    with project.index():
        first = len(project.embedder.texts)
    project.embedder.identity = "another"
    with project.index() as workspace:
        assert len(project.embedder.texts) == 2 * first
        assert store(workspace).counts().vectors == first


def test_a_deleted_file_disappears_everywhere(project: Project, found: Found) -> None:
    with project.index() as workspace:
        (project.root / "shop/mail.py").unlink()
        workspace.indexer.update(["shop/mail.py"])
        assert names(workspace, "send_receipt") == []
        assert "shop/mail.py" not in store(workspace).contents()
        assert not any("mail.py" in place for place in found(workspace, "send_receipt address"))


def test_a_deleted_folder_takes_its_files_along(project: Project) -> None:
    with project.index() as workspace:
        shutil.rmtree(project.root / "shop")
        workspace.indexer.update(["shop"])
        assert set(store(workspace).contents()) == {"README.md"}
        assert names(workspace, "Money") == []


def test_a_file_that_is_excluded_from_now_on_disappears(project: Project) -> None:
    with project.index():
        pass
    with project.index(Retrieval(exclude=("shop/mail.py",))) as workspace:
        assert "shop/mail.py" not in store(workspace).contents()
        assert names(workspace, "send_receipt") == []


def test_an_unsaved_buffer_is_in_the_graph_until_it_is_closed(project: Project) -> None:
    with project.index() as workspace:
        indexer = workspace.indexer
        indexer.edited("shop/money.py", "class Coins:\n    pass\n", "python")
        assert names(workspace, "Money") == [] and names(workspace, "Coins") == ["Coins"]
        indexer.scan()
        assert names(workspace, "Coins") == ["Coins"], "a scan leaves buffers alone"
        indexer.update(["shop/money.py"])
        assert names(workspace, "Coins") == ["Coins"], "and so does a change on disk"
        indexer.closed("shop/money.py")
        indexer.update(["shop/money.py"])
        assert names(workspace, "Coins") == [] and names(workspace, "Money") == ["Money"]


def test_a_saved_edit_is_searchable_by_words_and_vector_at_once(project: Project) -> None:
    with project.index() as workspace:
        indexer = workspace.indexer
        project.write("shop/refund.py", "def give_money_back(order):\n    return order.paid\n")
        indexer.update(["shop/refund.py"])
        indexer.embed()
        (row,) = store(workspace).words("give", 5)
        assert row.symbol == "give_money_back"
        assert workspace.search.by_words("give money back")[0] == row.hash
        assert row.hash in workspace.search.by_meaning("give money back")


def test_one_edit_is_one_write_of_rows_and_embeds_its_new_text_only(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.index() as workspace:
        indexer, embedded = workspace.indexer, len(project.embedder.texts)
        written: list[list[str]] = []
        replace = Store.replace

        def counted(store: Store, paths: list[str], rows: list[Row]) -> None:
            written.append(list(paths))
            replace(store, paths, rows)

        monkeypatch.setattr(Store, "replace", counted)
        monkeypatch.setattr(Store, "pending", None)
        monkeypatch.setattr(Store, "contents", None)
        added = "def give_money_back(order):\n    return order.paid"
        project.write("shop/mail.py", f"{FILES['shop/mail.py']}\n\n{added}\n")
        indexer.update(["shop/mail.py"])
        while indexer.embed():
            pass
        assert written == [["shop/mail.py"]]
        assert project.embedder.texts[embedded:] == [f"shop/mail.py | give_money_back\n{added}"]
        indexer.update(["shop/mail.py"])
        assert len(written) == 1, "a save without a change writes nothing"
        assert not indexer.embed() and len(project.embedder.texts) == embedded + 1


def test_private_files_are_left_out_unless_the_user_wants_them_and_then_marked(
    project: Project, found: Found
) -> None:
    project.write("secrets.json", '{"password_of_the_shop": "hunter2"}\n')
    with project.index() as workspace:
        assert "secrets.json" not in store(workspace).contents()
    with project.index(Retrieval(private=True)) as workspace:
        hits = workspace.search.search("password of the shop", 5)
        assert [hit.private for hit in hits if hit.path == "secrets.json"] == [True]
        similar = {"words": workspace.search.by_words("password of the shop")}
        assert not any(one.private for one in workspace.search.similar("shop/cart.py", similar, 5))
    with project.index() as workspace:
        assert "secrets.json" not in store(workspace).contents()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.py", "def grüße(): pass\n".encode("latin-1")),
        ("binary.py", bytes(range(256)) * 20),
        ("utf16.py", "def wide(): pass\n".encode("utf-16")),
        ("empty.py", b""),
        ("broken.py", b"def ((((\nclass\n" * 50),
        ("deep.py", b"(" * 20_000),
        ("big.py", b"x = 1\n" * 200_000),
        ("oneline.js", b"a=1;" * 100_000),
        ("nul.py", b"def f():\0 pass\n"),
    ],
)
def test_bad_input_costs_that_file_at_most(name: str, content: bytes, project: Project, found: Found) -> None:
    project.write(name, content)
    with project.index() as workspace:
        assert found(workspace, "send_receipt")[0] == "shop/mail.py:send_receipt"
        assert workspace.indexer.scan() is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_loops_pipes_and_names_that_are_not_utf8_do_no_harm(project: Project, found: Found) -> None:
    (project.root / "loop").symlink_to(project.root, target_is_directory=True)
    (project.root / "self.py").symlink_to("self.py")
    os.mkfifo(project.root / "pipe.py")
    odd = os.fsencode(project.root) + b"/odd\xff.py"
    with open(odd, "wb") as file:
        file.write(b"def oddly_named(): pass\n")
    with project.index() as workspace:
        assert names(workspace, "oddly_named") == ["oddly_named"]
        assert found(workspace, "oddly_named")
        os.unlink(odd)
        workspace.indexer.scan()
        assert names(workspace, "oddly_named") == []


def test_a_file_deleted_between_walk_and_read_is_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all = indexer_module.read_all

    def late(root, jobs, most, stop):
        (root / "shop/mail.py").unlink()
        return read_all(root, jobs, most, stop)

    monkeypatch.setattr(indexer_module, "read_all", late)
    with project.index() as workspace:
        assert set(store(workspace).contents()) == FILES.keys() - {"shop/mail.py"}


def test_many_files_are_read_by_other_processes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        project.write(f"many/module_{number}.py", f"def number_{number}():\n    return {number}\n")
    monkeypatch.setattr(reading, "read_one", None)  # not in this one
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == len(FILES) + 60
        assert names(workspace, "number_41") == ["number_41"]
    stages = [one for one in project.progress if one.stage == "reading"]
    assert (stages[0].done, stages[-1].done, stages[-1].total) == (0, len(FILES) + 60, len(FILES) + 60)


def test_a_branch_switch_that_is_told_file_by_file_is_read_by_other_processes_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"many/module_{number}.py" for number in range(60)]
    for number, path in enumerate(many):
        project.write(path, f"def number_{number}():\n    return {number}\n")
    with project.index() as workspace:
        before, embedded = workspace.indexer.counts.parsed, len(project.embedder.texts)
        for number, path in enumerate(many):
            project.write(path, f"def changed_{number % 30}():\n    return {number % 30}\n")
        monkeypatch.setattr(indexer_module, "read_one", None)
        workspace.indexer.update(many)
        while workspace.indexer.embed():
            pass
        assert workspace.indexer.counts.parsed == before + 60
        assert names(workspace, "changed_17") == ["changed_17"] * 2
        assert names(workspace, "number_41") == []
        assert len(project.embedder.texts) == embedded + 60


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_edited_while_many_files_are_read_counts(
    whole: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(root: Path, jobs: list, most: int, stop: object) -> Iterator[list[reading.Parsed]]:
        done = reading.read(str(root), [job for job, _ in jobs], most)
        yield from ([one] for one in sorted(done, key=lambda one: one.path == "shop/mail.py"))

    monkeypatch.setattr(indexer_module, "read_all", slowly)
    with project.open() as workspace:
        indexer = workspace.indexer

        def edit() -> None:
            indexer.interrupt = lambda: None
            project.write("shop/mail.py", "def post_receipt(address):\n    pass\n")
            indexer.update(["shop/mail.py"])

        indexer.interrupt = edit
        if whole:
            indexer.scan()
        else:
            monkeypatch.setattr(indexer_module, "FEW", 0)
            indexer.update(FILES)
        assert names(workspace, "post_receipt") == ["post_receipt"] and names(workspace, "send_receipt") == []
        assert [hit.symbol for hit in store(workspace).words("receipt", 9)] == ["post_receipt"]


def test_files_whose_time_alone_changed_are_not_parsed_again(project: Project) -> None:
    age(project)
    with project.index():
        pass
    for path in FILES:
        os.utime(project.root / path, (1_600_000_000, 1_600_000_000))
    project.write("shop/money.py", FILES["shop/money.py"].replace("Money", "Coins"))
    with project.open() as workspace:
        workspace.indexer.preload()
        assert names(workspace, "send_receipt") == ["send_receipt"]
        assert names(workspace, "Money") == [], "what changed is not shown as it was"
        workspace.indexer.scan()
        assert workspace.indexer.counts.parsed == 1 and names(workspace, "Coins") == ["Coins"]
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == 0


def test_a_file_that_takes_its_process_down_costs_only_itself(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "read", die_of_poison)
    monkeypatch.setattr(pool, "FEW", 0)
    project.write("poison.py", "def poison(): pass\n")
    with project.index() as workspace:
        assert names(workspace, "send_receipt") == ["send_receipt"]
        assert names(workspace, "poison") == []
        assert workspace.indexer.counts.skipped["it cannot be parsed"] == 1


def die_of_poison(root: str, jobs: list[reading.Job], most: int) -> list[reading.Parsed]:
    if any(job.path == "poison.py" for job in jobs):
        os._exit(139)
    return reading.read(root, jobs, most)


def test_an_interrupted_run_is_gone_on_with(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer_module, "FILES_A_COMMIT", 1)
    age(project)
    with project.open() as workspace:
        indexer = workspace.indexer
        read = 0

        def stop_soon() -> None:
            nonlocal read
            read += 1
            if read == 2:
                indexer.stopping.set()

        indexer.interrupt = stop_soon
        indexer.scan()
        assert 0 < len(store(workspace).contents()) < len(FILES)
        done = indexer.counts.parsed
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == len(FILES) - done
        assert store(workspace).contents().keys() == FILES.keys()


def test_a_damaged_store_is_made_again_without_embedding(project: Project, found: Found) -> None:
    with project.index():
        embedded = len(project.embedder.texts)
    for file in Path(uri_of(project.root, Retrieval())).rglob("data/*.lance"):
        file.write_bytes(b"broken")
    with project.index() as workspace:
        assert found(workspace, "send_receipt")[0] == "shop/mail.py:send_receipt"
        assert store(workspace).counts().vectors == embedded
    assert len(project.embedder.texts) == embedded


def test_damage_found_by_a_query_is_passed_on_and_names_are_found_meanwhile(
    project: Project, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project.index() as workspace:

        def broken(*_: object) -> list:
            raise StoreDamaged("The index cannot be read.")

        monkeypatch.setattr(Store, "matching", broken)
        monkeypatch.setattr(Store, "near", broken)
        assert found(workspace, "send_receipt") == ["shop/mail.py:send_receipt"]
        assert workspace.indexer.shelf.lost()


def test_a_damaged_catalogue_is_made_again(project: Project) -> None:
    with project.index():
        pass
    (folder_of(project.root) / "facts.sqlite").write_bytes(b"no database" * 1000)
    with project.index() as workspace:
        assert workspace.indexer.counts.parsed == len(FILES)
        assert names(workspace, "Money") == ["Money"]
    with project.index() as workspace:
        assert workspace.indexer.catalogue.trouble == ""


def test_a_full_disk_is_said_once_and_names_are_known_all_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFull("The index was not written, because the disk is full; free some space.")

    monkeypatch.setattr(Store, "replace", full)
    with project.index() as workspace:
        assert names(workspace, "send_receipt") == ["send_receipt"]
        workspace.indexer.update(["shop/mail.py"])
    assert project.notes == ["The index was not written, because the disk is full; free some space."]


def test_an_embedder_that_fails_leaves_the_search_by_words(project: Project, found: Found) -> None:
    project.embedder.fails = True
    with project.index() as workspace:
        assert found(workspace, "send receipt to an address")[0] == "shop/mail.py:send_receipt"
    assert project.notes == ["Search goes by words only. No vectors, because the test says so."]


def test_a_second_process_reads_what_the_first_writes(project: Project, found: Found) -> None:
    with project.index() as writer, project.open(write=False) as reader:
        assert not reader.lock.take()
        reader.indexer.scan()
        assert names(reader, "Money") == ["Money"]
        project.write("shop/refund.py", "def give_money_back(order):\n    return order.paid\n")
        writer.indexer.update(["shop/refund.py"])
        assert "shop/refund.py:give_money_back" in found(reader, "give money back")
        writer.lock.release()
        assert reader.lock.take(), "who comes next may write"


def test_disk_stays_bounded_through_many_edits(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.shelf.EDITS_UNTIL_TIDY", 10)
    for number in range(100):
        project.write(f"many/module_{number}.py", f"def number_{number}():\n    return {number}\n" * 9)
    with project.index() as workspace:
        workspace.indexer.shelf.tidy(least=1)
        store(workspace).optimise(timedelta(0))
        fresh = store(workspace).size()
        for number in range(60):
            project.write("edited.py", f"def edited():\n    return {number}\n")
            workspace.indexer.update(["edited.py"])
            while workspace.indexer.embed():
                pass
            if workspace.indexer.shelf.untidy:
                workspace.indexer.shelf.tidy()
        store(workspace).optimise(timedelta(0))
        assert store(workspace).size() <= 1.5 * fresh
        assert store(workspace).pending() == []


def test_facts_survive_being_kept() -> None:
    said = facts(
        "import a.b as c\nclass A(B[int]):\n    x: int = f()\n    def g(self) -> str: ...\n", "python"
    )
    assert said.symbols and said.imports
    assert load_facts(dump_facts(said)) == said


def test_contents_of_other_branches_are_remembered_but_not_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.catalogue.SPARE", 10)
    catalogue = Catalogue(home / "facts.sqlite")
    said = dump_facts(facts("", "python"))
    for number in range(20):
        catalogue.learn({}, {(str(number), "python"): (said, "")})
    catalogue.tidy()
    kept = catalogue.contents((str(number), "python") for number in range(20))
    assert 10 <= len(kept) < 20 and ("19", "python") in kept and ("0", "python") not in kept
    catalogue.close()


def test_the_time_that_is_left_follows_from_the_pace() -> None:
    seen: list[Progress] = []
    clock = iter([0.0, 1.0, 2.0])
    pace = Pace("reading", seen.append, lambda: next(clock))
    for done in (0, 10, 20):
        pace.at(done, 100)
    assert [one.seconds_left for one in seen] == [None, 9.0, 8.0]
