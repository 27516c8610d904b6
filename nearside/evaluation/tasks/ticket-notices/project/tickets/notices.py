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
    if event.kind == "opened":
        if event.priority == "high":
            text = f"New urgent ticket {event.ticket}: {event.title}"
            channel = "pager"
        else:
            text = f"New ticket {event.ticket}: {event.title}"
            channel = "mail"
    elif event.kind == "assigned":
        if event.priority == "high":
            text = f"Urgent ticket {event.ticket} is yours now: {event.title}"
            channel = "pager"
        else:
            text = f"Ticket {event.ticket} is yours now: {event.title}"
            channel = "chat"
    elif event.kind == "commented":
        if event.priority == "high":
            text = f"{event.author} wrote about the urgent ticket {event.ticket}"
            channel = "chat"
        else:
            text = f"{event.author} wrote about ticket {event.ticket}"
            channel = "mail"
    elif event.kind == "closed":
        if event.priority == "high":
            text = f"Urgent ticket {event.ticket} is closed"
            channel = "chat"
        else:
            text = f"Ticket {event.ticket} is closed"
            channel = "mail"
    elif event.kind == "reopened":
        if event.priority == "high":
            text = f"Urgent ticket {event.ticket} is open again: {event.title}"
            channel = "pager"
        else:
            text = f"Ticket {event.ticket} is open again: {event.title}"
            channel = "chat"
    else:
        raise UnknownEvent(event.kind)
    return Notice(channel, text)


def notices(events: list[Event], muted: frozenset[str] = frozenset()) -> list[Notice]:
    """Return what is said of several events, without what goes to muted channels."""
    found = [notice_for(event) for event in events]
    return [notice for notice in found if notice.channel not in muted]
