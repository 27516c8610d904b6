"""The text of a page of HTML, or of the part of it below an anchor: headings, paragraphs, lists and code."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from tools.documentation.doc import MOST_TEXT

SKIPPED = frozenset(("script", "style", "nav", "head", "svg", "button", "template", "noscript", "footer"))
BLOCKS = frozenset(
    ("p", "div", "section", "article", "tr", "table", "dl", "dd", "dt", "ul", "ol", "blockquote")
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
WHOLE_PAGE = 2
"""Times the most text that is read on from an anchor."""
_BLANK = re.compile(r"\n{3,}")


class _Text(HTMLParser):
    """Collects the text from an anchor on, up to the next heading or definition of its level."""

    def __init__(self, anchor: str, most: int) -> None:
        super().__init__(convert_charrefs=True)
        self.most = most
        self.anchor, self.begun = anchor, not anchor
        self.parts: list[str] = []
        self.size = 0
        self.done = False
        self.level = ""
        """The tag of the anchor: another of its kind ends the text."""
        self._skipping: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if not self.begun and self.anchor in (known.get("id"), known.get("name")):
            self.begun, self.level = True, tag
        elif self.begun and self.anchor and self.parts and tag == self.level and self._is_end(tag, known):
            self.done = True
        if self.done:
            return
        if tag in SKIPPED:
            self._skipping.append(tag)
        elif tag == "pre":
            self._code += 1
            self._put("\n\n```\n")
        elif tag in HEADINGS:
            self._put("\n\n" + "#" * int(tag[1]) + " ")
        elif tag == "li":
            self._put("\n- ")
        elif tag == "br":
            self._put("\n")
        elif tag in BLOCKS:
            self._put("\n\n" if tag == "p" else "\n")
        elif tag == "code" and not self._code:
            self._put("`")

    def _is_end(self, tag: str, known: dict[str, str | None]) -> bool:
        return tag in HEADINGS or (
            tag in ("dt", "section", "a", "div") and bool(known.get("id") or known.get("name"))
        )

    def handle_endtag(self, tag: str) -> None:
        if self._skipping and tag == self._skipping[-1]:
            self._skipping.pop()
        elif tag == "pre" and self._code:
            self._code -= 1
            self._put("\n```\n\n")
        elif tag == "code" and not self._code:
            self._put("`")
        elif tag in BLOCKS or tag in HEADINGS:
            self._put("\n")

    def handle_data(self, data: str) -> None:
        if not self._code:
            data = re.sub(r"\s+", " ", data)
        self._put(data)

    def _put(self, text: str) -> None:
        if self.begun and not self.done and not self._skipping:
            self.parts.append(text)
            self.size += len(text)
            self.done = self.size > self.most


def text_of_html(page: str, anchor: str = "", most: int = WHOLE_PAGE * MOST_TEXT) -> str:
    """Return the text of a page from an anchor on; of an unknown anchor all of it. It ends soon after so many
    characters."""
    parser = _Text(anchor, most)
    for start in range(0, len(page), 8192):  # a page of megabytes ends where enough was read
        parser.feed(page[start : start + 8192])
        if parser.done:
            break
    if anchor and not parser.begun:
        return text_of_html(page, most=most)
    lines = [line.rstrip() for line in "".join(parser.parts).split("\n")]
    lines = [line.lstrip() if not line.startswith("    ") else line for line in lines]
    return _BLANK.sub("\n\n", "\n".join(lines)).strip()
