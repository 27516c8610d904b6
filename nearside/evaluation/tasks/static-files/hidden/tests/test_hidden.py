import os
import tempfile
import unittest
from pathlib import Path

from webfiles.files import Files, NotFound


class HiddenTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = Path(folder.name).resolve()
        root = self.place / "www"
        (root / "docs").mkdir(parents=True)
        (root / "index.html").write_text("home")
        (root / "docs" / "..notes.html").write_text("notes")
        (root / "docs" / "50%25.html").write_text("quoted")
        (self.place / "www-secret").mkdir()
        (self.place / "www-secret" / "key").write_text("secret")
        (self.place / "key").write_text("secret")
        os.symlink(self.place / "key", root / "docs" / "link")
        os.symlink(root / "index.html", root / "docs" / "home.html")
        self.files = Files(root)

    def refused(self, *addresses):
        for address in addresses:
            with self.subTest(address[:40]), self.assertRaises(NotFound):
                self.files.find(address)

    def test_dots_do_not_lead_out(self):
        self.refused("/../key", "../key", "/docs/../../key", "/docs/../../www-secret/key", "/./../key")

    def test_quoted_dots_do_not_either(self):
        self.refused("/%2e%2e/key", "/..%2fkey", "/docs/%2e%2e%2f%2e%2e%2fkey", "/docs/..%2F..%2Fkey")

    def test_absolute_paths_do_not(self):
        self.refused(f"/{self.place}/key", f"//{self.place}/key", f"/%2F{self.place}/key", "/%2fetc%2fpasswd")

    def test_links_do_not(self):
        self.refused("/docs/link")

    def test_a_neighbour_with_the_same_beginning_is_outside(self):
        self.refused("/../www-secret/key", "/docs/../../www-secret/key")

    def test_a_null_character_finds_nothing(self):
        self.refused("/index.html%00", "/%00")

    def test_very_long_names_find_nothing(self):
        self.refused("/" + "a" * 5000)

    def test_honest_addresses_work(self):
        for address, text in (
            ("/docs/..notes.html", "notes"), ("/docs/../index.html", "home"), ("/docs/home.html", "home"),
            ("/docs/50%2525.html", "quoted"), ("", "home"), ("/docs/./../", "home"),
        ):
            with self.subTest(address):
                self.assertEqual(self.files.find(address).read_text(), text)

    def test_a_root_behind_a_link_works(self):
        os.symlink(self.place / "www", self.place / "current")
        self.assertEqual(Files(self.place / "current").find("/index.html").read_text(), "home")
