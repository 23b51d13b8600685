"""A house whose people are known: a response centre, engineers, a head, a partner and contacts of the customer."""

import tomllib
from collections import Counter
from dataclasses import replace

from alerts.desk.entries import Request
from alerts.desk.people import People
from house import House
from monitor import ticketing
from monitor.model import EventKind, Letter, Level, Ticket, TicketKind
from monitor.people_file import PeopleFile
from monitor.people_read import people
from monitor.store import letters

CORE, SITE = "hf-core-01", "hefei-1"
ASKED = Request(
    kind=TicketKind.REPAIR, text="room 3 is dark", channel="phone", caller="Ms Wu", device=CORE, level=Level.MAJOR
)
PEOPLE = """
[[person]]
name = "an"
mail = "an@example.org"
language = "en"
[[person]]
name = "bo"
title = { en = "Bo Li", zh_CN = "李波" }
mail = "bo@example.org"
[[person]]
name = "head"
mail = "head@example.org"
language = "en"
[[person]]
name = "mute"
[[team]]
name = "centre"
members = ["an", "mute"]
tiers = ["response_centre"]
[[team]]
name = "engineers"
members = ["bo"]
tiers = ["support_engineer"]
[[team]]
name = "heads"
members = ["head"]
tiers = ["management"]
[[rota]]
name = "centre"
team = "centre"
weekly = { begins = 2026-01-05 , people = ["an"] }
[[rota]]
name = "engineers"
team = "engineers"
weekly = { begins = 2026-01-05 }
[[partner]]
prefecture = "wuhu"
company = "Partner"
mail = "partner@example.org"
language = "en"
[[contact]]
customer = "cdc"
title = "Mr Xu"
mail = "xu@example.org"
language = "en"
project = true
[[contact]]
customer = "cdc"
title = "Somebody else"
mail = "else@example.org"
"""
LISTED = {"duty@example.org", "zhiban@example.org"}


def folk(text: str = PEOPLE) -> People:
    """These people."""
    return people(PeopleFile.model_validate(tomllib.loads(text)), text)


def peopled(house: House) -> House:
    """The house with people, and its site in the prefecture that has a partner."""
    site = replace(house.settings.inventory.sites[SITE], prefecture="wuhu")
    inventory = replace(house.settings.inventory, sites={SITE: site})
    house.settings = replace(house.settings, people=folk(), inventory=inventory)
    return house


def requested(house: House, request: Request = ASKED) -> Ticket:
    """The ticket of a request."""
    with house.store.writing() as disk:
        return ticketing.requested(disk, request, SITE, "centre", house.settings, house.clock())


def acted(house: House, ticket: Ticket, kind: EventKind, by: str = "li", /, **data: str) -> Ticket:
    """The ticket after somebody did something."""
    with house.store.writing() as disk:
        return ticketing.acted(disk, ticket.id, kind, by, data, house.settings, house.clock())


def told(house: House, ticket: Ticket) -> dict[str, Letter]:
    """The letters of the ticket's last event, by address."""
    with house.store.reading() as disk:
        every = [each.letter for each in letters.all_letters(disk, ticket.id)]
    of_last = [each for each in every if each.event == ticket.events[-1].seq]
    assert all(count == 1 for count in Counter(each.recipient for each in of_last).values())
    return {each.recipient: each for each in of_last}
