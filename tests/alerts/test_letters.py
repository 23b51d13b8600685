import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.desk.contract import ContractFile, contract
from alerts.desk.entries import opened, recorded
from alerts.post.letters import SENT, letters, trial
from monitor.model import (
    Component,
    Condition,
    Device,
    EventKind,
    Fault,
    FaultKey,
    FaultState,
    Identity,
    Language,
    Letter,
    Level,
    Limits,
    Observation,
    Reason,
    Recipient,
    Role,
    Site,
    Text,
    Ticket,
    TicketKind,
)

_PATH = Path(__file__).parents[2] / "configs" / "contract.toml"
HOUSE = contract(ContractFile.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8"))))
T0 = datetime(2026, 11, 22, 7, 4, 12, tzinfo=UTC)
MIN = timedelta(minutes=1)
SITE = Site(name="east", customer="school", region="hefei", title="东机房", address="示例路 1 号")
DEVICE = Device(name="core-1", address="192.0.2.10", customer="school", site="east", role=Role.CORE)
IDENTITY = Identity(vendor="Maker", model="X-9", version="R19", patch="P5", serial="CHASSIS0001", name="core-1")
PSU = Component(kind="psu", label="PSU 2", slot="0/PWR2", model="PAC-1000", part_number="0231-PN", serial="PSU0002")
FAULT = Fault(
    key=FaultKey(device="core-1", kind="psu", label="PSU 2", aspect="state"),
    component=PSU,
    condition=Condition.FAILED,
    level=Level.MAJOR,
    reasons=(Reason(rule="psu", text=Text(en="1 of 2 power supplies failed", zh_CN="2 个电源中有 1 个故障")),),
    evidence=Observation(
        component=PSU, aspect="state", condition=Condition.FAILED, at=T0, raw="notSupply(2)", source="1.3.6.1.4.1.1.2"
    ),
    state=FaultState.OPEN,
    first_seen=T0 - MIN,
    last_seen=T0,
    changed_at=T0,
    opened_at=T0,
)
ENGLISH = Recipient(name="eng", address="eng@example.com", language=Language.EN)
CHINESE = Recipient(name="chn", address="chn@example.com", language=Language.ZH_CN)


def ticket(fault: Fault = FAULT) -> Ticket:
    return opened("T20261122-0001", fault, replace(DEVICE, name=fault.key.device), SITE, HOUSE, T0)


def sent(
    of: Ticket,
    *recipients: Recipient,
    fault: Fault = FAULT,
    device: Device = DEVICE,
    identity: Identity = IDENTITY,
    now: datetime | None = None,
) -> tuple[Letter, ...]:
    event = of.events[-1]
    return letters(of, event, fault, device, identity, SITE, HOUSE, recipients, "example.com", now or event.at)


def test_first_line_says_level_device_what_and_since_when() -> None:
    english, chinese = sent(ticket(), ENGLISH, CHINESE)
    assert english.text.splitlines()[0] == (
        "Level 2 (major) – core-1 – power supply PSU 2: failed – since 2026-11-22 15:04"
    )
    assert chinese.text.splitlines()[0] == "二级故障 – core-1 – 电源 PSU 2：故障 – 自 2026-11-22 15:04 起"


def test_an_opening_letter_says_why_which_part_the_evidence_what_to_check_and_the_clocks() -> None:
    (letter,) = sent(ticket(), ENGLISH)
    for told in (
        "1 of 2 power supplies failed",
        "if one more fails",
        "Slot: 0/PWR2",
        "Part number: 0231-PN",
        "Serial number: PSU0002",
        "Model: Maker X-9",
        "Serial number: CHASSIS0001",
        "Version: R19 P5",
        "Address: 192.0.2.10",
        "The device says: notSupply(2)",
        "Source: 1.3.6.1.4.1.1.2",
        "Seen at: 2026-11-22 15:04:12",
        "1. Is mains there",
        "Next: Respond by 2026-11-22 15:14 (10 min left)",
        "Restore: 2026-11-22 19:04 – 4 h left",
        "Report to the vendor: 2026-11-23 15:04 – 1 d left",
        "All times are wall times in Asia/Shanghai.",
    ):
        assert told in letter.text


def test_text_and_html_say_the_same() -> None:
    (letter,) = sent(ticket(), CHINESE)
    bare = re.sub(r"<[^>]+>", "", letter.html)
    for line in letter.text.splitlines():
        for piece in line.replace("`", "").split("：")[-1].split(" – "):
            assert piece.strip(" -.1234") in bare


def test_clocks_are_wall_times_of_the_sites_zone() -> None:
    west = replace(SITE, zone="Asia/Urumqi")
    of = ticket()
    (letter,) = letters(of, of.events[-1], FAULT, DEVICE, IDENTITY, west, HOUSE, [ENGLISH], "example.com", T0)
    assert "Respond: 2026-11-22 13:14 – 10 min left" in letter.text
    assert "All times are wall times in Asia/Urumqi." in letter.text


def test_a_measured_value_stands_there_with_unit_and_limits() -> None:
    sensor = Component(kind="temperature", label="Inlet")
    seen = Observation(
        component=sensor,
        aspect="temperature",
        condition=Condition.DEGRADED,
        at=T0,
        value=71.5,
        unit="celsius",
        raw="715",
        limits=Limits(high_warning=65),
    )
    hot = replace(
        FAULT,
        key=FaultKey(device="core-1", kind="temperature", label="Inlet", aspect="temperature"),
        component=sensor,
        condition=Condition.DEGRADED,
        evidence=seen,
    )
    (letter,) = sent(ticket(hot), ENGLISH, fault=hot)
    assert "Measured: 71.5 °C" in letter.text
    assert "Limits: at most 65 °C" in letter.text
    assert "The device tells no slot, part number or serial number of this part." in letter.text


def test_what_a_device_does_not_tell_is_left_out_and_not_guessed() -> None:
    (letter,) = sent(ticket(), ENGLISH, identity=Identity())
    unit = letter.text.split("In which unit")[1].split("Evidence")[0]
    assert "Model" not in unit
    assert "Version" not in unit
    assert "None" not in letter.text


def test_a_ticket_is_one_thread_per_recipient() -> None:
    of = ticket()
    (first,) = sent(of, ENGLISH)
    of = recorded(of, EventKind.RESPONDED, T0 + MIN, "lee", {})
    (second,) = sent(of, ENGLISH)
    of = recorded(of, EventKind.RECOVERED, T0 + 2 * MIN, "netvigil", {})
    (third,) = sent(of, ENGLISH)
    assert (first.in_reply_to, first.references) == ("", ())
    assert second.in_reply_to == third.in_reply_to == first.message_id
    assert second.references == third.references == (first.message_id,)
    assert len({first.message_id, second.message_id, third.message_id}) == 3
    stem = "[T20261122-0001] core-1 – power supply PSU 2 – "
    assert [each.subject.removeprefix(stem) for each in (first, second, third)] == [
        "failed – Level 2 (major)",
        "in hand",
        "recovered",
    ]


def test_message_id_is_the_same_for_the_same_letter_and_another_for_another_recipient() -> None:
    once, again = sent(ticket(), ENGLISH), sent(ticket(), replace(ENGLISH, name="renamed"), now=T0 + MIN)
    assert once[0].message_id == again[0].message_id
    assert sent(ticket(), CHINESE)[0].message_id != once[0].message_id
    assert re.fullmatch(r"<T20261122-0001\.1\.[0-9a-f]{10}@example\.com>", once[0].message_id)


@pytest.mark.parametrize(
    ("recipient", "concerned"),
    [
        (ENGLISH, True),
        (replace(ENGLISH, customers=("school",)), True),
        (replace(ENGLISH, customers=("bank",)), False),
        (replace(ENGLISH, sites=("east", "west")), True),
        (replace(ENGLISH, sites=("west",)), False),
        (replace(ENGLISH, levels=(Level.CRITICAL, Level.MAJOR)), True),
        (replace(ENGLISH, levels=(Level.CRITICAL,)), False),
        (replace(ENGLISH, customers=("school",), levels=(Level.MINOR,)), False),
    ],
)
def test_a_letter_goes_to_whom_the_ticket_concerns(recipient: Recipient, *, concerned: bool) -> None:
    assert bool(sent(ticket(), recipient)) is concerned


def test_whoever_was_called_hears_the_end_even_if_the_level_falls() -> None:
    grave = replace(ENGLISH, levels=(Level.MAJOR,))
    of = recorded(ticket(), EventKind.LEVEL_CHANGED, T0 + MIN, "netvigil", {"level": "4"})
    milder = replace(FAULT, level=Level.WARNING)
    (lowered,) = sent(of, grave, fault=milder)
    assert lowered.text.startswith("Now Level 4 (warning) – core-1")
    assert "Before it was: Level 2 (major)." in lowered.text
    of = recorded(of, EventKind.RECOVERED, T0 + 2 * MIN, "netvigil", {})
    assert len(sent(of, grave, fault=milder)) == 1


def test_a_second_change_of_level_names_the_level_just_before() -> None:
    of = recorded(ticket(), EventKind.LEVEL_CHANGED, T0 + MIN, "netvigil", {"level": "4"})
    of = recorded(of, EventKind.LEVEL_CHANGED, T0 + 2 * MIN, "netvigil", {"level": "1"})
    (raised,) = sent(of, ENGLISH)
    assert "Before it was: Level 4 (warning)." in raised.text


def test_what_comes_later_does_not_change_whom_an_earlier_event_concerns() -> None:
    of = recorded(ticket(), EventKind.LEVEL_CHANGED, T0 + MIN, "netvigil", {"level": "4"})
    mild = [replace(ENGLISH, levels=(Level.WARNING,))]
    assert letters(of, of.events[0], FAULT, DEVICE, IDENTITY, SITE, HOUSE, mild, "example.com", T0) == ()


def test_whoever_is_called_later_starts_a_thread_with_that_letter() -> None:
    mild = replace(ENGLISH, levels=(Level.WARNING,))
    assert sent(ticket(), mild) == ()
    of = recorded(ticket(), EventKind.LEVEL_CHANGED, T0 + MIN, "netvigil", {"level": "4"})
    (first,) = sent(of, mild)
    assert first.in_reply_to == ""
    of = recorded(of, EventKind.RESPONDED, T0 + 2 * MIN, "lee", {})
    assert sent(of, mild)[0].in_reply_to == first.message_id


def test_two_recipients_with_one_address_get_one_letter_and_the_first_one_decides_its_language() -> None:
    (letter,) = sent(ticket(), ENGLISH, replace(CHINESE, address="ENG@example.com"))
    assert letter.language is Language.EN


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.OPENED])
def test_every_kind_of_event_is_told_or_deliberately_not(kind: EventKind, language: Language) -> None:
    data = {
        EventKind.LEVEL_CHANGED: {"level": "1"},
        EventKind.RESPONSIBILITY: {"responsibility": "not_ours", "reason": "mains"},
        EventKind.CLOCK_WARNED: {
            "clock": "respond",
            "promise": "10min",
            "share": "0.4",
            "due": "2026-11-22T07:14:12+00:00",
        },
        EventKind.CLOCK_MISSED: {"clock": "respond", "promise": "10min", "due": "2026-11-22T07:14:12+00:00"},
        EventKind.ASSIGNED: {"owner": "wang"},
        EventKind.WATCHED: {"watcher": "wang"},
        EventKind.UNWATCHED: {"watcher": "wang"},
        EventKind.CALLED_BACK: {"solved": "yes", "satisfaction": "5"},
        EventKind.HANDLED: {"cause": "worn out", "handling": "exchanged"},
        EventKind.CORRECTED: {"seq": "1", "reason": "misheard", "level": "3"},
        **{key: {"sha256": "0" * 64, "name": "log.txt"} for key in (EventKind.ATTACHED, EventKind.DIAGNOSED)},
        **{key: {"ticket": "T20261122-0009"} for key in (EventKind.LINKED, EventKind.MERGED, EventKind.SPLIT)},
    }
    of = replace(ticket(), kind=TicketKind.QUESTION if kind is EventKind.ANSWERED else TicketKind.REPAIR)
    before = {
        EventKind.UNWATCHED: (EventKind.WATCHED, {"watcher": "wang"}),
        EventKind.VENDOR_UPDATED: (EventKind.REPORTED_TO_VENDOR, {}),
        EventKind.VENDOR_CLOSED: (EventKind.REPORTED_TO_VENDOR, {}),
        EventKind.CALLED_BACK: (EventKind.RESTORED, {}),
    }
    if kind in before:
        of = recorded(of, before[kind][0], T0, "lee", before[kind][1])
    if kind is EventKind.RESUMED:
        of = recorded(of, EventKind.PAUSED, T0, "lee", {})
    if kind is EventKind.RELAPSED:
        of = recorded(of, EventKind.RECOVERED, T0, "netvigil", {})
    of = recorded(of, kind, T0 + MIN, "lee", data.get(kind, {}))
    found = sent(of, replace(ENGLISH, language=language))
    assert len(found) == (1 if kind in SENT else 0)
    for letter in found:
        assert "{" not in letter.text
        assert "core-1" in letter.text.splitlines()[0]


def test_a_missed_clock_is_named_in_subject_and_first_line_with_when_it_was_due() -> None:
    due = {"clock": "respond", "promise": "10min", "due": "2026-11-22T07:14:12+00:00"}
    of = recorded(ticket(), EventKind.CLOCK_MISSED, T0 + 12 * MIN, "netvigil", due)
    (letter,) = sent(of, ENGLISH)
    assert letter.subject.endswith(" – MISSED: Respond")
    assert letter.text.startswith("MISSED: Respond – Level 2 (major) – core-1")
    assert letter.text.splitlines()[0].endswith("was due 2026-11-22 15:14")
    assert "Respond: 2026-11-22 15:14 – 2 min over" in letter.text


def test_no_engineer_is_said_to_have_come_where_the_fault_went_away_by_itself() -> None:
    of = recorded(ticket(), EventKind.RECOVERED, T0 + 30 * MIN, "netvigil", {})
    (letter,) = sent(of, ENGLISH)
    assert "Engineer on site: 2026-11-22 16:04 – settled by the recovery, 2026-11-22 15:34" in letter.text
    assert "Restore: 2026-11-22 19:04 – done 2026-11-22 15:34" in letter.text
    assert "Check first" not in letter.text


def test_a_note_reaches_its_reader_in_their_language_where_there_is_one() -> None:
    note = {"reason": "Hand up: at once", "reason_zh_CN": "提交：立即", "text": "call me"}
    of = recorded(ticket(), EventKind.HANDED_UP, T0 + MIN, "netvigil", note)
    english, chinese = sent(of, ENGLISH, CHINESE)
    assert "Note: Hand up: at once – call me" in english.text
    assert "备注：提交：立即 – call me" in chinese.text


def test_hostile_strings_from_a_device_are_harmless() -> None:
    evil = "PSU\r\nBcc: all@example.net\u202e\u2028<script>alert(1)</script>\x00\x1b[31m" + "A" * 5000
    part = Component(kind="psu", label=evil, slot=evil, model=evil, part_number=evil, serial=evil)
    fault = replace(
        FAULT,
        key=FaultKey(device="core-1", kind="psu", label=evil, aspect="state"),
        component=part,
        evidence=replace(FAULT.evidence, component=part, raw=evil, source=evil),
        reasons=(Reason(rule="x", text=Text(en=evil, zh_CN=evil)),),
    )
    hostile = Identity(vendor=evil, model=evil, version=evil, patch=evil, serial=evil, name=evil)
    of = recorded(ticket(fault), EventKind.HANDED_UP, T0, evil, {"owner": evil, "text": evil})
    (letter,) = sent(of, ENGLISH, fault=fault, device=replace(DEVICE, title=evil), identity=hostile)
    assert not re.search(r"[\r\n\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", letter.subject)
    assert len(letter.subject) < 300
    for body in (letter.text, letter.html):
        assert not re.search(r"[\r\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", body)
        assert not re.search(r"^Bcc:", body, re.MULTILINE)
        assert "A" * 1001 not in body
    assert "<script" not in letter.html
    assert "&lt;script&gt;" in letter.html


def test_html_loads_nothing_from_elsewhere_and_styles_inline_only() -> None:
    (letter,) = sent(ticket(), CHINESE)
    assert not re.search(r"https?:|src=|<link|<style|<script|url\(|@import", letter.html)
    assert '<html lang="zh-CN">' in letter.html


def test_a_trial_letter_can_be_told_from_every_other() -> None:
    one = trial(ENGLISH, "example.com", T0)
    other = trial(ENGLISH, "example.com", T0 + MIN)
    assert one.ticket == ""
    assert one.message_id != other.message_id
    assert "2026-11-22 07:04" in one.text
    assert trial(CHINESE, "example.com", T0).subject == "Netvigil：邮件可达"


def test_full_letter_links_to_a_section_that_is_there_and_a_short_one_does_not() -> None:
    of = ticket()
    event, pages = of.events[-1], "https://wiki.example.org/runbooks"
    english, chinese = letters(
        of, event, FAULT, DEVICE, IDENTITY, SITE, HOUSE, (ENGLISH, CHINESE), "example.com", event.at, pages
    )
    for letter, language in ((english, "en"), (chinese, "zh_CN")):
        (found,) = re.findall(rf"{pages}/({language})/(\w+)#(\w+)", letter.text)
        page = _PATH.parents[1] / "docs" / "runbooks" / found[0] / f"{found[1]}.md"
        assert f"\n## {found[2]}\n" in page.read_text(encoding="utf-8")
        assert f'<a href="{pages}/{"/".join(found[:2])}#{found[2]}">' in letter.html
    recovered = recorded(of, EventKind.RECOVERED, T0 + MIN, "netvigil", {"level": "2"})
    (short,) = letters(
        recovered, recovered.events[-1], FAULT, DEVICE, IDENTITY, SITE, HOUSE, (ENGLISH,), "example.com", T0, pages
    )
    assert pages not in short.text
    assert pages not in sent(of, ENGLISH)[0].text
