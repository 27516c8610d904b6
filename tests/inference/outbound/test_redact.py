"""Secrets out of texts and back into answers: planted ones, clean code, keys, and what nobody can decide."""

from __future__ import annotations

import json
import random
import re
import string
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.outbound import redact
from inference.outbound.findings import Unfinished, WillNotSend
from inference.outbound.library import LIKELY, detectors
from inference.outbound.redact import Restorer, Vault, secrets_in
from inference.outbound.worth import token
from tests.inference.outbound.planted import PLANTED, Planted, private_keys

AWS = "AKIA" + "J4Q7ZP2MXV8KD5RT"
GITHUB = "ghp_" + "Zq3vT8mKp1Xc7RbN5yWd2LsH9aJf4Gu6EtQ0"


def redacted(*texts: str) -> list[str]:
    return Vault().redact(texts)[0]


def test_there_are_more_than_forty_of_them() -> None:
    assert len({one.secret for one in PLANTED}) >= 90


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_a_planted_secret_is_taken_out_and_put_back(planted: Planted) -> None:
    vault = Vault()
    [text], kinds = vault.redact([planted.text])
    assert planted.secret not in text and sum(kinds.values()) >= 1
    assert not any(planted.secret[at : at + 8] in text for at in range(max(1, len(planted.secret) - 8)))
    assert vault.restore(text) == planted.text


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: one.name)
def test_a_secret_found_in_one_text_is_taken_out_of_all(planted: Planted) -> None:
    vault = Vault()
    bare = f"x = f({planted.secret!r})\n"
    encoded = json.dumps({"said": planted.secret})
    texts, _ = vault.redact(["nothing here", bare, planted.text, encoded])
    assert not any(planted.secret in text for text in texts)
    assert texts[0] == "nothing here"
    assert not vault.leaks("".join(texts).encode()) and vault.leaks(bare.encode())


@pytest.mark.parametrize("planted", private_keys(), ids=lambda one: one.name)
def test_a_private_key_keeps_everything_here(planted: Planted) -> None:
    with pytest.raises(WillNotSend, match="private key") as caught:
        redacted("def add(): ...", planted.text)
    assert "\n" not in str(caught.value) and planted.text[40:60] not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "if '-----BEGIN RSA PRIVATE KEY-----' in text:\n    raise ValueError\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n",
    ],
)
def test_what_only_speaks_of_a_private_key_may_leave(text: str) -> None:
    assert redacted(text) == [text]


CLEAN = [
    'password = os.environ["DB_PASSWORD"]',
    "password: str = Field(min_length=8)",
    'API_KEY = "your-api-key-here"',
    'token = "<token>"',
    "self.token = tokenizer.next_token()",
    'PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]',
    "postgres://user:password@localhost/db",
    'def login(username: str = "admin", password: str = "secret") -> None:',
    'assert sha == "da39a3ee5e6b4b0d3255bfef95601890afd80709"',
    'uuid = "123e4567-e89b-12d3-a456-426614174000"',
    "github.com/golang/groupcache v0.0.0-20210331224755-41bb18bfe9da",
    'integrity="sha384-9ndCyUaIbzAi2FUVXJi0CjmCapSmO7SnpJef0486qhLnuZ2cdeRhO02iuK6FUUVM"',
    "secret_name = secrets_manager.get_secret_value(SecretId=arn)",
    "key-value-store-of-the-whole-application",
    'headers["Authorization"] = f"Bearer {token}"',
    "MY_ACCESS_TOKEN_LIFETIME_SECONDS = 3600",
    "#define TOKEN_IDENTIFIER_MAX_LENGTH 255",
    "self.symbol2label: dict[str, int] = {}",
    'api_key = "aaaabbbb11112222"',
    'api_key = "insert-your-own-api-key-here"',
    'secret: bytes = derive(password, salt)',
    'password_input = "current-password"',
    '"pwd",\n"sqlite3",',
    "('authtoken', '0002_auto_20160226_1747'),",
    "github://org:repo@/precip/catalog.yml",
]


SAMPLES = [
    # secret, text: as people write them into tests, with an alphabet where the random part would be
    ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE" + "KEY", "aws_secret_access_key = {}"),
    ("AKIAIOSFODNN7" + "EXAMPLE", "aws_access_key_id = {}"),
    ("ghp_" + "1234567890abcdefghijklmnopqrstuvwxyz", 'TOKEN = "{}"'),
    ("sk-" + string.ascii_lowercase + string.digits, "openai: {}"),
    ("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "key: {}"),
    ("abcdef1234567890abcdef1234567890", 'secret = "{}"'),
    ("Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA==", "client_secret: {}"),
    ("my-super-secret-token-12345", 'token = "{}"'),
    ("correct-horse-battery-staple", 'password = "{}"'),
    ("planted-secret-17", 'password = "{}"'),
    ("letmein123", 'pw = "{}"'),
    ("changeme123", "password={}"),
    ("hunter2", 'password = "{}"'),
    ("topsecret", "mysql://root:{}@localhost/db"),
]


@pytest.mark.parametrize(("secret", "text"), SAMPLES)
def test_a_secret_that_looks_like_a_sample_is_one_all_the_same(secret: str, text: str) -> None:
    assert secret not in redacted(text.format(secret))[0]


@pytest.mark.parametrize("line", CLEAN)
def test_code_that_only_speaks_of_secrets_stays(line: str) -> None:
    assert redacted(line) == [line]


def clean_files() -> list[Path]:
    """Python's own library and the packages installed here, without those that hold secrets for tests."""
    folders = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
    files = [file for folder in folders for file in sorted(Path(folder).rglob("*.py")) if file.is_file()]
    files = [file for file in dict.fromkeys(files) if not {"test", "tests", "testing"} & set(file.parts)]
    return random.Random(22).sample([file for file in files if 500 < file.stat().st_size < 60_000], 400)


def test_at_most_one_clean_file_of_a_hundred_and_line_of_a_thousand_is_touched() -> None:
    files = lines = touched_files = touched_lines = 0
    for file in clean_files():
        text = file.read_text("utf-8", "replace")
        files, lines = files + 1, lines + text.count("\n") + 1
        try:
            [changed] = redacted(text)
        except WillNotSend:
            changed = ""
        pairs = zip(text.split("\n"), changed.split("\n"), strict=False)
        touched_lines += sum(before != after for before, after in pairs)
        touched_files += changed != text
    assert files == 400 and lines > 30_000, "the sample is too small to tell"
    assert touched_files <= files / 100
    assert touched_lines <= lines / 1000


@pytest.mark.parametrize(
    ("letters", "length", "least"),
    [
        (string.ascii_letters + string.digits, 20, 0.95),
        (string.ascii_letters + string.digits, 40, 0.98),
        ("0123456789abcdef", 32, 0.99),
        (string.ascii_lowercase + string.digits, 24, 0.99),
    ],
)
def test_nearly_every_random_token_looks_like_one(letters: str, length: int, least: float) -> None:
    source = random.Random(1)
    made = ["".join(source.choice(letters) for _ in range(length)) for _ in range(1000)]
    assert sum(map(token, made)) >= least * len(made)


def test_a_secret_has_the_same_placeholder_in_each_request_and_nobody_else_has_it() -> None:
    vault = Vault()
    [first], _ = vault.redact([f'KEY = "{AWS}"'])
    [second], kinds = vault.redact([f"client({AWS!r}, {GITHUB!r})"])
    assert first == 'KEY = "<AWS_KEY_1>"' and second == "client('<AWS_KEY_1>', '<GITHUB_TOKEN_1>')"
    assert kinds == {"AWS_KEY": 1, "GITHUB_TOKEN": 1}


def test_a_placeholder_that_the_text_already_has_is_not_used_again() -> None:
    vault = Vault()
    [text], _ = vault.redact([f'doc = "<AWS_KEY_1>"; key = "{AWS}"'])
    assert text == 'doc = "<AWS_KEY_1>"; key = "<AWS_KEY_2>"'
    assert vault.restore(text) == f'doc = "<AWS_KEY_1>"; key = "{AWS}"'


@pytest.mark.parametrize(
    "answer",
    ["<AWS_KEY_1>", "<aws_key_1>", "&lt;AWS_KEY_1&gt;", "\\u003cAWS_KEY_1\\u003e", "< AWS_KEY_1 >"],
)
def test_a_placeholder_is_known_however_it_is_written(answer: str) -> None:
    vault = Vault()
    vault.redact([AWS])
    assert vault.restore(f"key={answer};") == f"key={AWS};"
    assert vault.restore('key="AWS_KEY_1"') == f'key="{AWS}"'
    assert vault.restore("key=<AWS_KEY_12>") == "key=<AWS_KEY_12>"


@given(st.lists(st.sampled_from([AWS, GITHUB, "<", ">", "&lt;", "if a < b", "\n", '"', "x" * 40, "\\u003"])))
@settings(max_examples=150, deadline=None)
def test_an_answer_in_pieces_is_restored_as_the_whole_is(pieces: list[str]) -> None:
    vault = Vault()
    vault.redact([AWS, GITHUB])
    answer = "".join(pieces).replace(AWS, "<AWS_KEY_1>").replace(GITHUB, "&lt;GITHUB_TOKEN_1&gt;")
    for size in (1, 3, 7, 1000):
        restorer = Restorer(vault)
        given = "".join(restorer.feed(answer[at : at + size]) for at in range(0, len(answer), size))
        assert given + restorer.finish() == vault.restore(answer)


def test_what_was_redacted_holds_nothing_more() -> None:
    texts = redacted(*(one.text for one in PLANTED))
    assert [secret for text in texts for secret in secrets_in(text)] == []


def test_nothing_shows_a_secret() -> None:
    vault = Vault()
    vault.redact([f"key = {AWS!r}"])
    assert AWS not in repr(vault) + repr(secrets_in(f"key = {AWS!r}"))


def hard() -> Iterator[tuple[str, str]]:
    yield "one long line", "a1B2" * 60_000
    yield "names", "password" * 20_000
    yield "quotes", "token='" * 20_000
    yield "blanks", "aws secret " + " " * 100_000
    yield "addresses", "http://a:" * 15_000
    yield "dots", "eyJ" + "a." * 60_000
    yield "keys", "-----BEGIN PRIVATE KEY-----" * 5_000
    yield "many keys", "\n".join(f"AKIA{number:016d}" for number in range(20_000))
    yield "one key often", f"{AWS}\n" * 20_000
    yield "jwk", '"kty":' * 20_000


@pytest.mark.parametrize(("name", "text"), list(hard()), ids=lambda value: value[:12])
def test_no_text_keeps_a_detector_busy_for_long(name: str, text: str) -> None:
    """The clock is one of CPU time, so this ends in time on any machine, with an answer or with a refusal."""
    try:
        redacted(text)
    except WillNotSend as late:
        assert any(why in str(late) for why in ("did not end in time", "private key", "more than 300"))


@pytest.mark.parametrize("text", [AWS, "x = f('abcdefghij0123456789')", "password = 1"])
def test_a_search_whose_time_is_over_keeps_the_request_here(text: str) -> None:
    assert len(redacted(text)) == 1
    with pytest.raises(WillNotSend, match="did not end in time"):
        Vault(seconds=-1.0).redact([text])


def test_all_detectors_together_have_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.outbound.findings.ALL_SECONDS", -1.0)
    with pytest.raises(WillNotSend, match="did not end in time"):
        redacted(AWS)


def test_hundreds_of_secrets_are_replaced_and_a_list_of_them_is_not_sent() -> None:
    source = random.Random(4)
    keys = ["AKIA" + "".join(source.choices(string.ascii_uppercase, k=16)) for _ in range(301)]
    texts, kinds = Vault().redact(["\n".join(keys[:200]), "\n".join(keys[100:300])])
    assert kinds == {"AWS_KEY": 300} and not any(key in text for key in keys for text in texts)
    with pytest.raises(WillNotSend, match="more than 300 secrets"):
        redacted("\n".join(keys))
    with pytest.raises(WillNotSend, match="more than 300 secrets"):
        redacted("\n".join(keys[:200]), "\n".join(keys[200:]))


def test_a_detector_that_does_not_end_keeps_the_request_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(text: str, clock: object) -> Iterator[object]:
        raise Unfinished("names")
        yield

    monkeypatch.setattr(redact, "assigned", endless)
    with pytest.raises(WillNotSend, match="did not end in time"):
        redacted("x = 1")


def test_what_is_found_after_it_was_replaced_keeps_the_request_here(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100))

    def always(text: str, clock: object) -> Iterator[redact.Secret]:
        yield redact.Secret("TOKEN", f"value-{next(numbers)}")

    monkeypatch.setattr(redact, "assigned", always)
    with pytest.raises(WillNotSend, match="still found"):
        redacted("x = 1")


def test_lines_that_are_passed_over_hold_nothing_a_detector_would_find() -> None:
    """The quick look that spares the library's detectors most lines may cost no secret."""
    for planted in PLANTED:
        for line in planted.text.split("\n"):
            if any(True for detector in detectors() for _ in detector.analyze_string(line)):
                assert LIKELY.search(line) or len(line) < 20, re.sub(r"\w", "x", line)
