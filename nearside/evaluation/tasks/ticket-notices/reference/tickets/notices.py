"""What people are told of an event, and where."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.events import Event, UnknownEvent


@dataclass(frozen=True)
class Notice:
    """A text for one channel: "mail", "chat" or "pager"."""

    channel: str
    text: str


def notice_for(event: Event) -> Notice:
    """Return what is said of an event. Raises UnknownEvent."""
    urgent = event.priority == "high"
    notices = {
        "opened": ("New {urgent}ticket {ticket}: {title}", "mail", "pager"),
        "assigned": ("{urgent}ticket {ticket} is yours now: {title}", "chat", "pager"),
        "commented": ("{author} wrote about {the}{urgent}ticket {ticket}", "mail", "chat"),
        "closed": ("{urgent}ticket {ticket} is closed", "mail", "chat"),
        "reopened": ("{urgent}ticket {ticket} is open again: {title}", "chat", "pager"),
    }
    if event.kind not in notices:
        raise UnknownEvent(event.kind)
    template, usual, pressing = notices[event.kind]
    words = {"urgent": "urgent " if urgent else "", "the": "the " if urgent else "", **vars(event)}
    text = template.format(**words)
    return Notice(pressing if urgent else usual, text if event.kind == "commented" else text[0].upper() + text[1:])


def notices(events: list[Event], muted: frozenset[str] = frozenset()) -> list[Notice]:
    """Return what is said of several events, without what goes to muted channels."""
    found = [notice_for(event) for event in events]
    return [notice for notice in found if notice.channel not in muted]
