import tempfile
import unittest
from pathlib import Path

from webfiles.answer import answer
from webfiles.files import Files, NotFound


class AnswerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name) / "www"
        (root / "docs").mkdir(parents=True)
        (root / "index.html").write_text("home")
        (root / "docs" / "index.html").write_text("docs")
        (root / "docs" / "a page.html").write_text("page")
        self.files = Files(root)

    def test_a_file_is_served_with_its_type(self):
        found = answer(self.files, "GET", "/docs/a%20page.html?x=1")
        self.assertEqual((found.status, found.body), (200, b"page"))
        self.assertEqual(found.headers["Content-Type"], "text/html; charset=utf-8")

    def test_a_folder_stands_for_its_index(self):
        self.assertEqual(answer(self.files, "GET", "/").body, b"home")
        self.assertEqual(answer(self.files, "GET", "/docs/").body, b"docs")

    def test_dots_within_the_site_are_fine(self):
        self.assertEqual(answer(self.files, "GET", "/docs/../index.html").body, b"home")

    def test_what_is_not_there_is_not_found(self):
        self.assertEqual(answer(self.files, "GET", "/nothing.html").status, 404)
        with self.assertRaises(NotFound):
            self.files.find("/docs/nothing")

    def test_nothing_is_written(self):
        self.assertEqual(answer(self.files, "PUT", "/").status, 405)

    def test_everything_is_listed(self):
        self.assertEqual(self.files.addresses(), ["/docs/a page.html", "/docs/index.html", "/index.html"])
