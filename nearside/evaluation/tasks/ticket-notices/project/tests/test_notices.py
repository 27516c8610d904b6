import unittest

from tickets.events import Event, UnknownEvent
from tickets.notices import Notice, notice_for, notices


class NoticeTest(unittest.TestCase):
    def test_a_new_ticket(self):
        self.assertEqual(notice_for(Event("opened", 7, "no light", "Ann")), Notice("mail", "New ticket 7: no light"))
        self.assertEqual(
            notice_for(Event("opened", 7, "no light", "Ann", "high")),
            Notice("pager", "New urgent ticket 7: no light"),
        )

    def test_a_closed_ticket(self):
        self.assertEqual(notice_for(Event("closed", 7, "x", "Ann")), Notice("mail", "Ticket 7 is closed"))

    def test_a_comment_names_its_author(self):
        self.assertEqual(
            notice_for(Event("commented", 8, "x", "Bob")), Notice("mail", "Bob wrote about ticket 8")
        )

    def test_an_unknown_kind_is_refused(self):
        with self.assertRaises(UnknownEvent):
            notice_for(Event("eaten", 1, "x", "Ann"))

    def test_muted_channels_are_left_out(self):
        events = [Event("opened", 1, "x", "Ann"), Event("assigned", 1, "x", "Ann")]
        self.assertEqual([notice.channel for notice in notices(events, frozenset({"mail"}))], ["chat"])
