"""Acknowledging by the link in a letter: signed, for one ticket and one person, good once and for a while."""

import re
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from people_house import acted, peopled, requested, told

from alerts.post.links import LinkError
from house import House
from monitor import link_key
from monitor.acknowledging import acknowledged, opened
from monitor.model import EventKind, Ticket


def linked(house: House) -> tuple[Ticket, str]:
    """A ticket, and the token of the letter to who is on duty."""
    settings = peopled(house).settings
    house.settings = replace(settings, letters=replace(settings.letters, links="https://nv.example.org/w"))
    link_key.made(settings.daemon.state)
    ticket = requested(house)
    mails = told(house, ticket)
    assert "/a/" not in mails["duty@example.org"].text
    found = re.search(r"https://nv\.example\.org/w/a/([A-Za-z0-9_-]+)", mails["an@example.org"].text)
    assert found is not None
    assert f'href="{found[0]}"' in mails["an@example.org"].html
    return ticket, found[1]


def test_link_acknowledges_once_as_the_person_to_whom_the_letter_went(house: House) -> None:
    ticket, token = linked(house)
    with house.store.writing() as disk:
        link, about = opened(disk, token, house.settings, house.clock())
        assert (link.recipient, about) == ("an@example.org", ticket)
        done = acknowledged(disk, token, house.settings, house.clock())
    assert (done.events[-1].kind, done.events[-1].by) == (EventKind.ACKNOWLEDGED, "an")
    with house.store.writing() as disk, pytest.raises(LinkError, match="used already"):
        acknowledged(disk, token, house.settings, house.clock())


def test_link_is_good_for_a_while_only(house: House) -> None:
    _, token = linked(house)
    house.clock.advance(days=3)
    with house.store.writing() as disk, pytest.raises(LinkError, match="has expired"):
        acknowledged(disk, token, house.settings, house.clock())


def test_link_that_was_changed_made_up_or_signed_by_another_key_is_refused(house: House) -> None:
    _, token = linked(house)
    raw = bytearray(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for place in range(len(raw)):
        raw[place] ^= 1
        forged = urlsafe_b64encode(raw).decode().rstrip("=")
        raw[place] ^= 1
        with house.store.reading() as disk, pytest.raises(LinkError):
            opened(disk, forged, house.settings, house.clock())
    for odd in ("", "x", token + "=", token[:-1], token + "A", token + "\n", "ü", "A" * 100_000):
        with house.store.reading() as disk, pytest.raises(LinkError):
            opened(disk, odd, house.settings, house.clock())
    (house.settings.daemon.state / link_key.FILE).write_bytes(b"k" * 32)
    with house.store.reading() as disk, pytest.raises(LinkError, match="no link of ours"):
        opened(disk, token, house.settings, house.clock())


def test_link_to_a_ticket_that_has_ended_is_not_used_up(house: House) -> None:
    ticket, token = linked(house)
    other = requested(house)
    acted(house, ticket, EventKind.MERGED, ticket=other.id)
    with pytest.raises(ValueError, match="the ticket is merged"), house.store.writing() as disk:
        acknowledged(disk, token, house.settings, house.clock())
    with house.store.reading() as disk:
        opened(disk, token, house.settings, house.clock() + timedelta(hours=1))


def test_key_is_made_once_and_is_for_its_owner_alone(house: House) -> None:
    state = house.settings.daemon.state
    assert link_key.known(state) == b""
    link_key.made(state)
    first = link_key.known(state)
    link_key.made(state)
    assert link_key.known(state) == first
    assert stat.S_IMODE((state / link_key.FILE).stat().st_mode) == 0o600
    assert [each.name for each in state.glob(f"{link_key.FILE}*")] == [link_key.FILE]
