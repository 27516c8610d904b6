import ast
import inspect
import unittest

from tickets import notices
from tickets.events import Event, UnknownEvent

TEXTS = {
    ("opened", "normal"): ("mail", "New ticket 12: broken {door}"),
    ("opened", "high"): ("pager", "New urgent ticket 12: broken {door}"),
    ("assigned", "normal"): ("chat", "Ticket 12 is yours now: broken {door}"),
    ("assigned", "high"): ("pager", "Urgent ticket 12 is yours now: broken {door}"),
    ("commented", "normal"): ("mail", "eve wrote about ticket 12"),
    ("commented", "high"): ("chat", "eve wrote about the urgent ticket 12"),
    ("closed", "normal"): ("mail", "Ticket 12 is closed"),
    ("closed", "high"): ("chat", "Urgent ticket 12 is closed"),
    ("reopened", "normal"): ("chat", "Ticket 12 is open again: broken {door}"),
    ("reopened", "high"): ("pager", "Urgent ticket 12 is open again: broken {door}"),
}


class HiddenTest(unittest.TestCase):
    def test_every_text_stays(self):
        for (kind, priority), (channel, text) in TEXTS.items():
            with self.subTest(kind=kind, priority=priority):
                found = notices.notice_for(Event(kind, 12, "broken {door}", "eve", priority))
                self.assertEqual(found, notices.Notice(channel, text))

    def test_unknown_kinds_are_refused(self):
        for kind in ("", "Opened", "deleted"):
            with self.assertRaises(UnknownEvent):
                notices.notice_for(Event(kind, 1, "x", "y", "high"))

    def test_there_is_no_chain_of_branches(self):
        tree = ast.parse(inspect.getsource(notices))
        kinds = {"opened", "assigned", "commented", "closed", "reopened"}
        compared = [
            node
            for node in ast.walk(tree)
            if isinstance(node, (ast.Compare, ast.MatchValue))
            and any(isinstance(each, ast.Constant) and each.value in kinds for each in ast.walk(node))
        ]
        self.assertLessEqual(len(compared), 1)
        functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        branches = [node for node in ast.walk(functions["notice_for"]) if isinstance(node, (ast.If, ast.Match))]
        self.assertLessEqual(len(branches), 3)
