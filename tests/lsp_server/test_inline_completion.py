"""textDocument/inlineCompletion over stdio: every request is answered, in time, with what fits."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from tests.lsp_client import URI, inline_params, insertion
from tests.lsp_server.conftest import Start
from tests.scripted_engine import Script

TEXT = "def add(a, b):\n    \n"


async def test_a_suggestion_goes_to_the_request_position_and_reports_its_acceptance(start: Start) -> None:
    client = await start()
    client.open(TEXT)
    (item,) = await client.inline(1, 4)
    assert item["insertText"] == "return a + b"
    assert item["range"] == {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 4}}
    assert item["command"]["command"] == "nearside.accepted"
    reply = await client.request("workspace/executeCommand", item["command"])
    assert reply.error is None


async def test_100_requests_at_one_place_are_all_answered_from_one_engine_call(start: Start) -> None:
    client = await start(Script(token_delay=0.075))
    client.open(TEXT)
    replies = []
    for _ in range(100):
        replies.append(client.ask_inline(1, 4)[1])
        await asyncio.sleep(0.02)
    answers = await asyncio.gather(*replies)
    assert all(answer.error is None and isinstance(answer.result["items"], list) for answer in answers)
    assert answers[-1].result["items"][0]["insertText"] == "return a + b"
    assert (await client.counters())["calls"] == 1


async def test_100_requests_while_typing_are_all_answered_and_at_most_two_calls_end(start: Start) -> None:
    client = await start(Script(tokens=["x", " =", " a", " + b"], token_delay=0.075))
    client.open(TEXT)
    asked, replies = [], []
    for number in range(100):
        client.change(number + 2, insertion(1, 4 + number, "x"))
        asked.append(time.perf_counter())
        replies.append(client.ask_inline(1, 5 + number)[1])
        await asyncio.sleep(0.02)
    answers = await asyncio.gather(*replies)
    assert all(answer.error is None for answer in answers)
    assert [bool(answer.result["items"]) for answer in answers] == [False] * 99 + [True]
    late = [answer.at - newer for answer, newer in zip(answers, asked[1:], strict=False)]
    assert statistics.median(late) < 0.05
    assert max(late) < 0.5
    counters = await client.counters()
    assert counters["calls"] == 100
    assert counters["ended"] <= 2
    assert counters["cancelled"] == counters["calls"] - counters["ended"]


async def test_a_cancelled_request_gets_the_protocols_error_and_frees_the_engine(start: Start) -> None:
    client = await start(Script(token_delay=0.2))
    client.open(TEXT)
    number, reply = client.ask_inline(1, 4)
    client.cancel(number)
    assert (await reply).error == {"code": -32800, "message": f'Request with id "{number}" is canceled'}
    while not (await client.counters())["cancelled"]:
        await asyncio.sleep(0.01)
    assert (await client.counters())["ended"] == 0


async def test_asking_again_right_after_a_cancel_goes_on_with_the_same_call(start: Start) -> None:
    client = await start(Script(token_delay=0.05))
    client.open(TEXT)
    number, reply = client.ask_inline(1, 4)
    await asyncio.sleep(0.08)
    client.cancel(number)
    client.change(2, insertion(1, 4, "r"))
    (item,) = await client.inline(1, 5)
    assert item["insertText"] == "eturn a + b"
    assert (await reply).error is not None
    assert (await client.counters())["calls"] == 1


async def test_cancelling_what_was_answered_already_does_no_harm(start: Start) -> None:
    client = await start()
    client.open(TEXT)
    number, reply = client.ask_inline(1, 4)
    await reply
    client.cancel(number)
    client.cancel(987)
    assert await client.inline(1, 4)


async def test_documents_do_not_supersede_each_other(start: Start) -> None:
    client = await start(Script(token_delay=0.02))
    client.open(TEXT)
    client.open(TEXT, uri="file:///project/b.py")
    first, second = client.ask_inline(1, 4)[1], client.ask_inline(1, 4, uri="file:///project/b.py")[1]
    assert (await first).result["items"] and (await second).result["items"]


async def test_by_the_deadline_whole_tokens_are_shown_and_the_rest_goes_into_the_cache(start: Start) -> None:
    tokens = ["retu", "rn", " su", "m(", "[a,", " b", "])"]
    client = await start(Script(tokens=tokens, token_delay=0.1), options(completion={"deadlineMs": 250}))
    client.open(TEXT)
    asked = time.perf_counter()
    reply = await client.ask_inline(1, 4)[1]
    assert reply.result["items"][0]["insertText"] == "return"
    assert 0.2 < reply.at - asked < 0.4
    while not (await client.counters())["ended"]:
        await asyncio.sleep(0.02)
    (item,) = await client.inline(1, 4)
    assert item["insertText"] == "return sum([a, b])"
    assert (await client.counters())["calls"] == 1


async def test_nothing_ready_by_the_deadline_is_an_empty_list(start: Start) -> None:
    client = await start(Script(token_delay=1), options(completion={"deadlineMs": 50}))
    client.open(TEXT)
    assert await client.inline(1, 4) == []


async def test_asked_by_hand_there_are_several_distinct_items_from_one_call(start: Start) -> None:
    client = await start(Script(alternatives=[["return", " sum"], ["retu", "rn a + b"]]))
    client.open(TEXT)
    items = await client.inline(1, 4, kind=1)
    assert [item["insertText"] for item in items] == ["return a + b", "return sum"]
    assert (await client.counters())["calls"] == 1


@pytest.mark.parametrize("kind", [0, 1, 2, 7])
async def test_any_trigger_kind_is_answered(start: Start, kind: int) -> None:
    client = await start()
    client.open(TEXT)
    assert await client.inline(1, 4, kind=kind)


async def test_a_client_that_counts_trigger_kinds_from_zero_is_understood_once_it_has_said_so(
    start: Start,
) -> None:
    client = await start(Script(alternatives=[["yield"], ["pass"]]))
    client.open("\n" * 9)
    assert [len(await client.inline(line, 0, kind)) for line, kind in enumerate([2, 1, 0, 1, 0])] == [
        1,  # automatic
        3,  # by hand
        3,  # by hand, counted from zero
        1,  # so this is automatic
        3,
    ]


async def test_text_typed_along_meanwhile_is_cut_off_and_the_range_moves_behind_it(start: Start) -> None:
    client = await start(Script(token_delay=0.1))
    client.open(TEXT)
    _, reply = client.ask_inline(1, 4)
    client.change(2, insertion(1, 4, "re"))
    (item,) = (await reply).result["items"]
    assert item["insertText"] == "turn a + b"
    assert item["range"]["start"] == item["range"]["end"] == {"line": 1, "character": 6}


@pytest.mark.parametrize(
    "change",
    [
        insertion(1, 4, "x"),
        insertion(0, 0, "# a comment\n"),
        {"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 2}}, "text": ""},
        {"text": "something else"},
    ],
    ids=["other text", "a line above", "a deletion", "a whole text"],
)
async def test_any_other_change_meanwhile_leaves_nothing_to_show(start: Start, change: dict) -> None:
    client = await start(Script(token_delay=0.05))
    client.open(TEXT)
    _, reply = client.ask_inline(1, 4)
    client.change(2, change)
    assert (await reply).result == {"items": []}


async def test_a_request_sees_the_text_before_changes_sent_in_the_same_breath(start: Start) -> None:
    client = await start(Script(follow="    return a + b", token_delay=0.05))  # so that it is still asked
    client.open(TEXT)
    _, reply = client.ask_inline(1, 4)
    for version in range(2, 30):
        client.change(version, insertion(0, 0, "#"))
    client.change(30, {"text": TEXT})
    assert (await reply).result == {"items": []}
    (item,) = await client.inline(1, 4)
    assert item["insertText"] == "return a + b"


async def test_typing_along_and_backspacing_asks_the_engine_nothing(start: Start) -> None:
    answer = "return functools.reduce(operator.add, values)"
    client = await start(Script(tokens=[answer]))
    client.open(TEXT)
    await client.inline(1, 4)
    before = (await client.counters())["calls"]
    typed = list(range(1, 41)) + list(range(39, 34, -1))
    for version, count in enumerate(typed, 2):
        client.change(version, {"text": TEXT.replace("    ", "    " + answer[:count])})
        (item,) = await client.inline(1, 4 + count)
        assert item["insertText"] == answer[count:]
    assert (await client.counters())["calls"] == before == 1


async def test_what_stands_after_the_cursor_belongs_to_the_cached_answer(start: Start) -> None:
    client = await start()
    client.open(TEXT)
    await client.inline(1, 4)
    client.change(2, insertion(2, 0, "more = 1\n"))
    await client.inline(1, 4)
    assert (await client.counters())["calls"] == 2


async def test_a_selected_menu_item_is_extended_and_its_range_replaced(start: Start) -> None:
    client = await start(Script(follow="    return sum(values)"))
    client.open("def f(values):\n    ret\n")
    params = inline_params(1, 7)
    where = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 7}}
    params["context"]["selectedCompletionInfo"] = {"range": where, "text": "return"}
    (item,) = (await client.request("textDocument/inlineCompletion", params)).result["items"]
    assert item["insertText"] == "return sum(values)"
    assert item["range"] == where


async def test_a_menu_item_that_is_no_continuation_leaves_nothing_to_show(start: Start) -> None:
    client = await start()
    client.open("def f(values):\n    ret\n")
    params = inline_params(1, 7)
    where = {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 7}}
    params["context"]["selectedCompletionInfo"] = {"range": where, "text": "other"}
    assert (await client.request("textDocument/inlineCompletion", params)).result == {"items": []}


@pytest.mark.parametrize(
    ("text", "line", "character"),
    [(TEXT, 99, 0), (TEXT, 1, 9999), ("", 0, 0), ("", 5, 5)],
)
async def test_positions_out_of_range_are_answered(
    start: Start, text: str, line: int, character: int
) -> None:
    client = await start()
    client.open(text)
    assert isinstance(await client.inline(line, character), list)


async def test_an_unknown_document_gets_an_empty_list(start: Start) -> None:
    client = await start()
    assert await client.inline(0, 0) == []


async def test_a_change_before_the_document_is_opened_is_ignored(start: Start) -> None:
    client = await start()
    client.change(2, insertion(0, 0, "x"))
    client.open(TEXT)
    assert await client.inline(1, 4)


async def test_a_closed_document_leaves_nothing_to_show(start: Start) -> None:
    client = await start(Script(token_delay=0.1))
    client.open(TEXT)
    _, reply = client.ask_inline(1, 4)
    client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert (await reply).result == {"items": []}


@pytest.mark.parametrize(
    ("params", "language"),
    [
        ({"completion": {"enabled": False}}, "python"),
        ({"completion": {"languages": ["lua"]}}, "python"),
        ({"completion": {"disableIn": ["*.py"]}}, "python"),
    ],
)
async def test_where_settings_want_quiet_no_engine_is_asked(
    start: Start, params: dict, language: str
) -> None:
    client = await start(None, options(**params))
    client.open(TEXT, language=language)
    assert await client.inline(1, 4) == []
    assert (await client.counters())["calls"] == 0


@pytest.mark.parametrize("text", ["\0\1\2binary", "x = 1\n" * 4 + "\0"])
async def test_binary_files_get_an_empty_list(start: Start, text: str) -> None:
    client = await start()
    client.open(text)
    assert await client.inline(0, 1) == []
    assert (await client.counters())["calls"] == 0


async def test_the_model_sees_line_feeds_only_and_a_crlf_document_is_typed_along(start: Start) -> None:
    client = await start(Script(tokens=["if a:", "\n        return b"]), options(completion={"maxLines": 4}))
    client.open("def add(a, b):\r\n    \r\n")
    await client.inline(1, 4)
    client.change(2, insertion(1, 4, "if a:\r\n        "))
    (item,) = await client.inline(2, 8)
    assert item["insertText"] == "return b"
    assert (await client.counters())["calls"] == 1


async def test_a_megabyte_in_one_line_is_answered_from_a_window_around_the_cursor(start: Start) -> None:
    client = await start(Script(tokens=[" = value"]))
    client.open("é" * 1_000_000)
    for version in range(2, 12):
        client.change(version, insertion(0, 500_000, "é"))
        assert await client.inline(0, 500_001, kind=1)
    counters = await client.counters()
    assert counters["evaluated"] <= 10_000 * counters["calls"]


async def test_the_server_adds_little_to_the_engines_time(start: Start) -> None:
    client = await start(Script(tokens=["ok"]))
    client.open("    value = compute(1, 2)  # é\n" * 2000)
    waits = []
    for version in range(2, 502):
        client.change(version, insertion(1000, version - 2, "x"))
        asked = time.perf_counter()
        _, reply = client.ask_inline(1000, version - 1)
        waits.append((await reply).at - asked)
    assert statistics.quantiles(waits, n=20)[-1] < 0.1  # 15 ms on an idle machine: benchmarks/overhead


async def test_typing_in_a_file_of_100000_lines_stays_quick(start: Start) -> None:
    client = await start(Script(tokens=["ok"]))
    client.open("value = compute(1, 2)  # é\n" * 100_000)
    waits = []
    for version in range(2, 42):
        client.change(version, insertion(50_000, version - 2, "x"))
        asked = time.perf_counter()
        await client.inline(50_000, version - 1)
        waits.append(time.perf_counter() - asked)
    assert statistics.median(waits) < 0.05


def options(**settings: object) -> dict:
    """Return what an editor says in `initialize` to bring settings along."""
    return {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": settings}


@pytest.mark.parametrize(("at_once", "calls"), [(False, 11), (True, 2)])
async def test_who_asks_at_each_key_is_waited_for_in_neovim_too(
    start: Start, at_once: bool, calls: int
) -> None:
    capabilities = {"experimental": {"nearside": {"asksAtOnce": at_once}}}
    neovim = {"processId": None, "rootUri": None, "clientInfo": {"name": "Neovim"}}
    client = await start(Script(tokens=[" = 1"], token_delay=0.3), {**neovim, "capabilities": capabilities})
    client.open("value\n")
    await client.inline(0, 5)  # which tells that answers take longer than a key
    for key in range(10):  # the user's rhythm
        client.change(2 + key, insertion(0, 5 + key, "s"))
        await asyncio.sleep(0.15)
    replies = []
    for key in range(10, 20):
        client.change(2 + key, insertion(0, 5 + key, "s"))
        replies.append(client.ask_inline(0, 6 + key)[1])
        await asyncio.sleep(0.01)
    answers = await asyncio.gather(*replies)
    assert all(answer.error is None for answer in answers)
    assert (await client.counters())["calls"] == calls
