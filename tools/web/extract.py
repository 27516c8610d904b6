"""What a page says, as Markdown: prose without the furniture round it, code to the letter.

Text, Markdown, JSON and XML are left as they are. HTML takes as long as its author likes: see reading.py.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator

MOST_TEXT = 40_000
"""Characters of a page; long references are longer, and nobody reads them whole."""
MOST_TAGS = 30_000
"""Of a page whose main part is looked for, which takes up to a second for so many; one with more is only
converted."""
MOST_MEMORY = 2 * 1024**3
"""Bytes of address space of the process that reads a page; the libraries alone take half a gigabyte."""
HTML = frozenset(("text/html", "application/xhtml+xml"))
TEXT = frozenset(("text/plain", "text/markdown", "text/x-markdown", "text/xml", "text/x-rst"))
CUT = "… (the rest is left out)"
_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_CODEC = re.compile(
    r"utf-?(8|16)|iso|windows|cp\d|latin|koi|big5|gb|euc|shift|s?jis|tis|mac|hz|us-ascii|ascii"
)
"""Of what Python can decode, what pages are written in; some of the rest takes forever (punycode)."""
_DECLARED = re.compile(r"\A\s*<\?xml[^<>]*\?>")
_TITLE = re.compile(r"<title[^<>]*>([^<]{1,1000})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight)-([A-Za-z0-9_+#.-]{1,20})")
_BEFORE = 300
"""Characters before a block of code and behind its tag, in which its language is looked for."""
_TOKEN = re.compile(r"`*\s*NearsideKeepsThisCode(\d+)End\s*`*")


def is_readable(media: str) -> bool:
    """Tell whether a media type is one of text that can be shown."""
    if media in HTML or media in TEXT:
        return True
    kind, _, form = media.partition("/")
    return kind == "application" and (form in ("json", "xml") or form.endswith(("+json", "+xml")))


def decoded(body: bytes, charset: str, media: str) -> str | None:
    """Return a body as text, by what its server, else the page itself says; None where it is none."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    elif not charset and media in HTML and (found := _CHARSET.search(body[:4096])):
        charset = found[1].decode("ascii")
    charset = charset.lower() if _CODEC.match(charset.lower()) else "utf-8"
    try:
        text = body.decode(charset, "replace").removeprefix("\ufeff")
    except LookupError:
        text = body.decode("utf-8", "replace")
    return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")


def title_of(text: str, media: str) -> str:
    """Return a page's title on one line, or an empty string."""
    found = _TITLE.search(text[:200_000]) if media in HTML else None
    return " ".join(html.unescape(found[1]).split())[:200] if found else ""


def markdown(text: str, media: str, most: int = MOST_TEXT) -> str:
    """Return what a page says, at most so many characters."""
    if media in HTML:
        text = _main_part(text) or _all_of(text, most)
    text = "".join(c if c.isprintable() or c in "\n\t" else "" for c in text[: most + 1]).strip()
    return text if len(text) <= most else f"{text[:most].rstrip()}\n{CUT}"


def _all_of(page: str, most: int) -> str:
    from tools.documentation.html_text import text_of_html

    return text_of_html(page, most=2 * most)  # blank lines it takes out again count there


def _main_part(page: str) -> str:
    """Return the main part of a page, or nothing where none is found or its code would be lost."""
    if page.count("<") > MOST_TAGS:
        return ""
    import trafilatura

    codes: list[str] = []
    parts = []
    for before, code in _cut_at_code(_DECLARED.sub("", page)):
        parts.append(before)
        if code is not None:
            parts.append(f"<pre>NearsideKeepsThisCode{len(codes)}End</pre>")
            codes.append(code)
    found = trafilatura.extract(
        "".join(parts),
        output_format="markdown",
        include_formatting=True,
        include_tables=True,
        include_comments=False,
        favor_recall=True,
    )
    kept = {int(token[1]) for token in _TOKEN.finditer(found or "")} & set(range(len(codes)))
    if not found or 2 * len(kept) < len(codes):
        return ""
    return _TOKEN.sub(lambda token: codes[int(token[1])] if int(token[1]) in kept else "", found)


def _cut_at_code(page: str) -> Iterator[tuple[str, str | None]]:
    """Yield the text before each block of code and the block, fenced; then the rest and None.

    Whoever looks for the main part of a page drops blank lines of code, and the indent of its first one.
    """
    lower, at = page.lower(), 0
    if len(lower) != len(page):  # a letter that is two in lower case
        lower = page
    while (start := lower.find("<pre", at)) >= 0:
        begin = page.find(">", start) + 1
        end = lower.find("</pre", begin)
        if not begin or end < 0:
            break
        inner = page[begin:end]
        close = page.find(">", end) + 1 or len(page)
        language = _LANGUAGE.search(page[max(at, start - _BEFORE) : begin + _BEFORE])
        yield page[at:start], _fenced(_plain(inner), language[1].lower() if language else "")
        at = close
    yield page[at:], None


def _plain(code: str) -> str:
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", code))).strip("\n").rstrip()


def _fenced(code: str, language: str) -> str:
    if not code or re.fullmatch(r"[\d\s]+", code):  # nothing, or the numbers of another block's lines
        return ""
    marks = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f"\n{marks}{'' if language == 'default' else language}\n{code}\n{marks}\n"


def main() -> None:
    """Answer one request of reading.py: a JSON object on standard input, and one on standard output."""
    asked = json.load(sys.stdin)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":  # elsewhere it is not held to, or counts what is no memory
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    page, media = asked["page"], asked["media"]
    answer = {"title": title_of(page, media), "text": markdown(page, media, asked["most"])}
    sys.stdout.write(json.dumps(answer))
