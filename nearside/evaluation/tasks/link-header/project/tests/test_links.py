import unittest

from paging.links import Link, WrongHeader, parse_links, related
from paging.pages import entries


class LinksTest(unittest.TestCase):
    def test_no_header_has_no_links(self):
        self.assertEqual(parse_links(""), [])
        self.assertEqual(parse_links("  "), [])

    def test_several_links(self):
        self.assertEqual(
            parse_links('<https://x.org/a?page=2>; rel="next", <https://x.org/a?page=9>; rel=last'),
            [Link("https://x.org/a?page=2", {"rel": "next"}), Link("https://x.org/a?page=9", {"rel": "last"})],
        )

    def test_commas_and_semicolons_belong_to_what_they_are_in(self):
        [link] = parse_links('<https://x.org/a,b;c>; title="one, two; three"')
        self.assertEqual(link, Link("https://x.org/a,b;c", {"title": "one, two; three"}))

    def test_targets_are_relative_to_the_base(self):
        [link] = parse_links("<?page=2>; rel=next", "https://x.org/list?page=1")
        self.assertEqual(link.target, "https://x.org/list?page=2")

    def test_what_is_no_link_is_refused(self):
        for header in ("next", "<a", "<a> rel=next", "<a>; rel=next <b>"):
            with self.subTest(header), self.assertRaises(WrongHeader):
                parse_links(header)

    def test_relations_may_be_several(self):
        links = parse_links('<a>; REL="Prev Start"')
        self.assertEqual((related(links, "start"), related(links, "next")), ("a", ""))


class PagesTest(unittest.TestCase):
    def test_all_pages_are_read(self):
        pages = {"/1": ([1, 2], "</2>; rel=next"), "/2": ([3], "</1>; rel=next")}
        self.assertEqual(list(entries(pages.__getitem__, "/1")), [1, 2, 3])
