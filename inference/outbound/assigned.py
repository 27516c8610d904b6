"""Secrets known by their name: what is assigned to a password, a token or a key, in code, settings or output.

Only here does randomness count, because a name says what the value is. Names are looked for in lower case;
what follows one is matched in a window of bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.outbound.findings import Clock, Secret
from inference.outbound.worth import password, token, varied, wordy

NAME = re.compile(
    r"pass(?:w(?:or)?d|wort|phrase|code|wd)?|pwd|kennwort|contrasena|senha"
    r"|secret|token|credential|api[_. -]?key"
    r"|(?:access|private|auth|account|sign(?:ing)?|encrypt(?:ion)?|master|shared|storage|deploy|license|service"
    r"|subscription|app|webhook|session|consumer|hmac|jwt)[_.-]?key"
    r"|webhook|cookie|session_?id|authorization|\bauth\b|(?:\b|_)pw\b|_key\b"
)
PASSWORDS = ("pass", "pwd", "kennwort", "contrasena", "senha", "_pw", "pw")
WEAK = ("_key", "webhook", "cookie", "auth", "session", "authorization", "credential")
"""Names that are mostly of something else: their values must be longer."""
REST = re.compile(r"[\w-]{0,40}")
OF_SOMETHING_ELSE = re.compile(
    r"(?:^|[_-])?(?:iz|if|type|url|uri|name|field|file|path|dir|regex|pattern|count|len|size|max|min|class|label"
    r"|help|text|message|msg|prompt|hint|error|expir|header|format|template|prefix|suffix|policy|algo|method"
    r"|endpoint|param|arn|ref|version|s?_?ids?$|column|form|input|widget|valid|check|reset|change|strength|less"
    r"|wall|port|age|thr|enger|ed\b|ing\b|able|ion|ive|es\b)",
    re.IGNORECASE,
)
"""How a name goes on that holds no secret: token_type, passwordField, tokenizer, passed."""
LINK = re.compile(
    r"""
    (?:\\?["'`])? [\])]? [ \t]{0,8}
    (?:
        (?: :[ \t]{0,4} [A-Za-z&_*] [\w&*\[\]<>?.|,' ]{0,40}? [ \t]{0,4} (?= =[ \t]{0,8}[^=\s] ) )?   # a type
        (?P<operator> := | => | -> | ={1,3} | !={1,2} | \?\?= | \|\|= | : ) [ \t]{0,8} (?: \(\s{0,40} )?
      | ,? \s{0,40} \\?["']? [Vv]alue \\?["']? \s{0,4} (?P<named>[:=]) \s{0,4}     # name: NAME, value: ...
      | (?<=["'`]) , [ \t]{0,8} (?= \\? ["'`] )                                   # getenv("NAME", "value")
      | \( \s{0,40} (?= \\? ["'`] )                                                # set_password("...")
      | > (?= [^<\s]{1,200} </ )                                                   # <password>...</
      | (?P<space> [ \t]{1,4} ) (?= \S )                                           # --password ...
    )
    (?: Bearer[ ] | Basic[ ] )?
    """,
    re.VERBOSE,
)
QUOTED = re.compile(
    r"""[rbfuRBFU@$L]{0,2}(?:\\"([^"\\\n]{1,4096})\\?"|"((?:[^"\\\n]|\\.){1,4096})"|'((?:[^'\\\n]|\\.){1,4096})'"""
    r"""|`([^`\\\n]{1,4096})`)"""
)
BARE = re.compile(r"[^\s\"'`,;&<>]{6,4096}")
LINE_START = re.compile(r"[ \t+>|\-\d:]*(?:(?:export|set|setx|ENV|ARG)[ \t]+)?[\w.\-/]*\Z")
WINDOW = 4500
IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)*")
KINDS = (*((word, "PASSWORD") for word in PASSWORDS), ("token", "TOKEN"), ("key", "API_KEY"))


def assigned(text: str, clock: Clock) -> Iterator[Secret]:
    """Yield the secrets in a text that a name gives away. Raises Unfinished."""
    clock.start()
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters have no lower case of one character
        lowered = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    for found in NAME.finditer(lowered):
        clock.check("names")
        rest = REST.match(text, found.end())
        after = rest.end() if rest else found.end()
        if after > found.end() and OF_SOMETHING_ELSE.match(text, found.end(), after):
            continue
        link = LINK.match(text, after, after + 200)
        if link and (value := _value(text, found, after, link)):
            yield Secret(next((kind for word, kind in KINDS if word in found[0]), "SECRET"), value)


def _value(text: str, name: re.Match[str], after: int, link: re.Match[str]) -> str:
    """Return the secret that is assigned to a name, or an empty string."""
    word = name[0]
    if word == "pass" and text[name.end() : name.end() + 1].isalpha():
        return ""  # passage, passing
    if link["space"] is not None and not _by_space(text, name.start()):
        return ""
    of_password = word.startswith(PASSWORDS)
    least = 20 if word.startswith(WEAK) else 10
    if quoted := QUOTED.match(text, link.end(), link.end() + WINDOW):
        value = next(group for group in quoted.groups() if group is not None)
        if any(c.isspace() for c in value):
            value = value.rpartition(" ")[2] if value.startswith(("Bearer ", "Basic ", "Token ")) else ""
        return value if _fits(value, of_password, least) else ""
    bare = BARE.match(text, link.end(), link.end() + WINDOW)
    if not bare:
        return ""
    value = bare[0].rstrip(")]}\\.:")
    if (
        _fits(value, of_password, least)
        and not _is_code(value)
        and _written_bare(text, name, after, link, bare, value)
    ):
        return value
    return ""


def _fits(value: str, of_password: bool, least: int) -> bool:
    if "://" in value or value.startswith(("/", "./", "~/", "\\\\")) and value.count("/") > 1:
        return False  # an address or a path; a password inside is found by its form
    return password(value) if of_password else token(value, least)


def _is_code(value: str) -> bool:
    return bool(re.search(r"\w\(|\w\[|^[\[({*&]|::|->|==.", value)) or (
        "." in value and bool(IDENTIFIER.fullmatch(value)) and not varied(value)
    )


def _by_space(text: str, start: int) -> bool:
    """Tell whether a name and its value may stand side by side: an option, netrc, a Dockerfile's ENV."""
    line = text[max(text.rfind("\n", 0, start) + 1, start - 200) : start]
    return bool(
        re.search(r"(?:^|\s)--?[\w-]*$|\blogin \S+\s+$|^\s*(?:ENV|ARG|setx?) \w*$|--from-literal=\w*$", line)
    )


def _written_bare(
    text: str, name: re.Match[str], after: int, link: re.Match[str], bare: re.Match[str], value: str
) -> bool:
    """Tell whether a value without quotes is a value, as in settings, or the name of one, as in code."""
    if not IDENTIFIER.fullmatch(value) or (len(value) >= 16 and varied(value)):
        return True
    before = LINE_START.match(
        text, max(text.rfind("\n", 0, name.start()) + 1, name.start() - 100), name.start()
    )
    ends = text[bare.end() : bare.end() + 3].lstrip(" \t\r")[:1] in ("", "\n", "#")
    tight = link[0] == "="
    if tight and (
        text[name.start() - 1 : name.start()] in (";", "&", "?")
        or text[bare.end() : bare.end() + 1] in (";", "&")
    ):
        return True  # Server=...;Password=...;
    if link["space"] is not None or link["named"]:
        return True
    if (
        tight
        and not text[bare.end() : bare.end() + 1].strip()
        and re.search(r"(?:^|\s)[\w.-]*\Z", text[max(0, name.start() - 60) : name.start()])
    ):
        return True  # host=... password=... dbname=...
    if not before or not ends:
        return False
    if tight or (link["operator"] == ":" and text[name.start() : after].islower()):
        return True
    return not wordy(value) or len(re.sub(r"\D", "", value)) > 2
