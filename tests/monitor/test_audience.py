"""Letters to the people of people.toml, over a real store: who gets which, why, and in which language."""

import json
from dataclasses import replace

from click.testing import CliRunner
from people_house import ASKED, CORE, LISTED, acted, peopled, requested, told

from house import House
from monitor import units
from monitor.cli import netvigil
from monitor.model import EventKind, Language, TicketKind
from monitor.settings import Letters
from monitor.store import tickets


def test_without_people_only_listed_recipients_are_told(house: House) -> None:
    assert set(told(house, requested(house))) == LISTED


def test_who_is_on_duty_for_the_tier_is_told_in_their_language_and_why(house: House) -> None:
    ticket = requested(peopled(house))
    mails = told(house, ticket)
    assert set(mails) == LISTED | {"an@example.org"}
    assert "because you are on duty now: " in mails["an@example.org"].text
    assert "listed as a recipient" in mails["duty@example.org"].text


def test_hand_up_calls_the_next_tier_and_tells_the_former_one(house: House) -> None:
    ticket = requested(peopled(house))
    mails = told(house, acted(house, ticket, EventKind.HANDED_UP))
    assert set(mails) == LISTED | {"an@example.org", "bo@example.org"}
    assert mails["bo@example.org"].language is Language.ZH_CN
    assert "正在值班" in mails["bo@example.org"].text
    assert mails["bo@example.org"].in_reply_to == ""
    assert "told of this ticket before" in mails["an@example.org"].text


def test_owner_and_watcher_are_told_once_each_and_their_letters_are_one_thread(house: House) -> None:
    ticket = requested(peopled(house))
    acted(house, ticket, EventKind.WATCHED, watcher="head")
    acted(house, ticket, EventKind.WATCHED, watcher="an")
    first = told(house, acted(house, ticket, EventKind.ASSIGNED, owner="李波"))
    assert "由您负责" in first["bo@example.org"].text
    assert "because you watch" in first["an@example.org"].text
    assert "because you watch" in first["head@example.org"].text
    then = told(house, acted(house, ticket, EventKind.PAUSED, reason="waiting"))
    assert then["bo@example.org"].in_reply_to == first["bo@example.org"].message_id


def test_dispatch_calls_the_partner_of_the_prefecture_who_hears_of_the_end_too(house: House) -> None:
    ticket = requested(peopled(house))
    mails = told(house, acted(house, ticket, EventKind.DISPATCHED, owner="bo"))
    assert "you go on site first in this prefecture: Wuhu" in mails["partner@example.org"].text
    assert "partner@example.org" in told(house, acted(house, ticket, EventKind.RESTORED))


def test_customer_is_told_few_events_in_few_words_and_no_reasons(house: House) -> None:
    ticket = requested(peopled(house))
    assert "xu@example.org" not in told(house, ticket)
    secret = "their own admin broke it"
    mails = told(house, acted(house, ticket, EventKind.RESPONDED, "li", text=secret))
    assert "else@example.org" not in mails
    mail = mails["xu@example.org"]
    assert "has taken this up" in mail.text
    assert f"Please quote ticket {ticket.id}" in mail.text
    for inner in (secret, "Why it matters", "Check first", "Evidence"):
        assert inner not in mail.text + mail.html


def test_which_events_customers_hear_of_is_a_setting(house: House) -> None:
    peopled(house)
    house.settings = replace(house.settings, letters=Letters(customer=(EventKind.OPENED,)))
    ticket = requested(house)
    assert "xu@example.org" in told(house, ticket)
    assert "xu@example.org" not in told(house, acted(house, ticket, EventKind.RESPONDED))


def test_supervision_hears_of_complaints_and_of_promises_that_were_missed(house: House) -> None:
    complaint = requested(peopled(house), replace(ASKED, kind=TicketKind.COMPLAINT))
    assert "head@example.org" in told(house, complaint)
    repair = requested(house)
    assert "head@example.org" not in told(house, repair)
    missed = acted(house, repair, EventKind.CLOCK_MISSED, "netvigil", clock="respond", promise="10min")
    assert "because you supervise" in told(house, missed)["head@example.org"].text


def test_evidence_of_a_request_is_its_caller_and_not_the_device(house: House) -> None:
    (mail,) = (each for to, each in told(house, requested(house)).items() if to == "duty@example.org")
    assert "The device says" not in mail.text
    for line in ("Who asked: Ms Wu", "By way of: telephone", "In their words: room 3 is dark"):
        assert line in mail.text


async def test_letter_of_hardware_says_warranty_charges_and_spare_as_the_ticket_does(house: House) -> None:
    environment = {"USER": "wang", "NETVIGIL_CONFIG": str(house.folder)}
    file = house.folder / "assets.csv"
    await house.visit(CORE)
    seen = await house.store.ask(lambda disk: units.seen(disk, house.settings))
    rows = [f"{each.serial},S1,h3c,{CORE},2025-01-31" for each in seen if each.device == CORE and each.is_unit]
    file.write_text("\n".join(("序列号,型号,厂商,设备名称,验收日期", *rows)), encoding="utf-8")
    assert CliRunner().invoke(netvigil, ["asset", "import", str(file)], env=environment).exit_code == 0
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    (ticket,) = await house.store.ask(tickets.unclosed)
    mail = told(house, ticket)["duty@example.org"]
    for line in ("Part, warranty, charges and spares", "Maker's warranty", "Spare: none in any store"):
        assert line in mail.text
        assert line.replace("'", "&#39;") in mail.html
    shown = CliRunner().invoke(netvigil, ["ticket", "show", ticket.id, "--json"], env=environment)
    assert [line["en"] for line in json.loads(shown.stdout)["unit"]][-1] == "Spare: none in any store"
