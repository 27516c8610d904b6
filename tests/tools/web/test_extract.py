"""Pages become Markdown: the main part without what is round it, and code to the letter."""

from __future__ import annotations

import pytest
import trafilatura

from tools.web.extract import CUT, MOST_TAGS, is_readable, markdown, title_of

PROSE = (
    "<p>When a call fails you may try it again. Wait longer each time, so that a server with too much to do "
    "gets a rest from all of its clients, which is what makes the difference between them.</p>"
)
CODE = "    x = 1\n    print(x)\n\n\n    x = 1\n    print(x)\n\n\tif x &lt; 2 &amp;&amp; y:\n        print(x)"
PLAIN = CODE.replace("&lt;", "<").replace("&amp;", "&")


def page(*parts: str) -> str:
    return (
        "<html><head><title>Retry</title><script>var tracked = 1</script><style>p {}</style></head><body>"
        "<nav><a href='/'>Home</a> <a href='/all'>All pages</a></nav><main><article><h1>Retry</h1>"
        + PROSE
        + "".join(parts)
        + "</article></main><footer>Copyright, imprint and cookies</footer></body></html>"
    )


def read(html: str, most: int = 40_000) -> str:
    return markdown(html, "text/html", most)


def test_what_is_round_the_main_part_is_left_out() -> None:
    text = read(page("<h2>Options</h2>", PROSE, "<ul><li>tries</li><li>pause</li></ul>"))
    assert "# Retry" in text and "## Options" in text and "- tries" in text
    for word in ("Home", "All pages", "tracked", "imprint"):
        assert word not in text


def test_repeated_lines_blank_lines_and_indent_of_code_stay() -> None:
    text = read(page(f"<pre><code class='language-python'>{CODE}</code></pre>", PROSE, f"<pre>{CODE}</pre>"))
    assert f"```python\n{PLAIN}\n```" in text and f"```\n{PLAIN}\n```" in text
    assert text.count("print(x)") == 6


def test_highlighted_code_is_code_and_line_numbers_are_not() -> None:
    code = (
        '<div class="highlight-python notranslate"><table><tr><td class="linenos"><pre>1\n2\n3</pre></td>'
        '<td class="code"><pre><span class="k">def</span> <span class="nf">f</span>(a):<br>'
        "    <span>return</span> a\n</pre></td></tr></table></div>"
    )
    text = read(page(code, PROSE))
    assert "def f(a):\n    return a\n```" in text and "1\n2\n3" not in text


def test_code_with_fences_of_its_own_is_fenced_by_longer_ones() -> None:
    assert "\n````\n```sh\nls\n```\n````" in read(page("<pre>```sh\nls\n```</pre>", PROSE))


def test_what_looks_like_our_own_marks_is_nothing_special() -> None:
    text = read(
        page("<p>NearsideKeepsThisCode0End and NearsideKeepsThisCode77End are words.</p><pre>a</pre>")
    )
    assert text.count("```\na\n```") <= 2 and "Keeps" not in text.replace("NearsideKeepsThisCode77End", "")


@pytest.mark.parametrize(
    "html",
    [
        "<pre>only = 'code'</pre>",
        "<title>x</title><div><pre>only = 'code'\n</pre></div>",
        "<body><table><tr><td><pre>only = 'code'</pre></td></tr></table>",
        "<pre>only = 'code'",
        "only = 'code'",
        "<PRE>only = 'code'</PRE><pre>",
    ],
)
def test_a_page_without_a_main_part_is_still_read(html: str) -> None:
    assert "only = 'code'" in read(html)


def test_code_that_the_main_part_would_lose_brings_the_whole_page_back() -> None:
    aside = "".join(f"<aside class='sidebar'><pre>step_{number}()</pre></aside>" for number in range(3))
    text = read(f"<html><body><article><h1>Retry</h1>{PROSE}</article>{aside}</body></html>")
    assert "When a call fails" in text and all(f"step_{number}()" in text for number in range(3))


def test_a_page_of_very_many_tags_is_only_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trafilatura, "extract", lambda *args, **options: "the main part")
    assert read(page()) == "the main part"
    text = read("<p>first</p>" + "<p>and again</p>" * MOST_TAGS)
    assert text.startswith("first") and text.endswith(CUT)


def test_a_long_page_is_cut_and_says_so() -> None:
    text = read(page(*(PROSE.replace("clients", f"{n} clients") for n in range(9))), 500)
    assert text.endswith("\n" + CUT) and len(text) <= 500 + len(CUT) + 1
    assert markdown("abc", "text/plain", 3) == "abc"


@pytest.mark.parametrize(
    "html", ["", "<", "<html>", "<pre", "</pre>", "<pre></pre>", "\ud800", "<!--", "&#x110000;"]
)
def test_nothing_readable_is_an_empty_text_or_what_there_is(html: str) -> None:
    assert isinstance(read(html), str) and isinstance(title_of(html, "text/html"), str)


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>A\n &quot;b&quot;</title>", 'A "b"'),
        ("<TITLE lang='en'>A</TITLE>", "A"),
        ("<title></title>", ""),
        ("<h1>A</h1>", ""),
        ("<title>" + "a" * 900, "a" * 200),
    ],
)
def test_the_title_is_one_line(html: str, title: str) -> None:
    assert title_of(html, "text/html") == title


def test_kinds_that_are_text() -> None:
    assert all(map(is_readable, ("text/html", "text/plain", "application/json", "application/ld+json")))
    assert not any(map(is_readable, ("", "text/css", "image/svg+xml", "application/pdf", "application/")))
