"""From a bulletin to the customer's inbox, and what happens after: told once, again for a reason, fixed by itself."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, cast

import pytest
from sqlalchemy import Connection

from alerts.notices import life
from alerts.notices.bulletin import bulletin, csaf
from alerts.notices.life import Happened
from alerts.post.mail import message
from collectors.feeds.bundle import Document
from house import House
from monitor import enclosing, noticed, noticing, reporting, taking
from monitor.duties import Duties
from monitor.inventory import Customer
from monitor.metrics import Metrics
from monitor.model import Identity, Language, Recipient, Site
from monitor.progress import Progress
from monitor.store import advisories, devices, letters, notices

T0 = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
SWITCH, CORE, SERVER = "hf-acc-03", "hf-core-01", "hf-srv-02"
BULLETIN = {
    "id": "B-1",
    "title": "Ports stop <b>forwarding</b>",
    "vendor": "Huawei",
    "affected": ["S5735: <V200R021C10SPC600"],
    "fixed": ["S5735: V200R021C10SPC600", "S5735: V200R021SPH005"],
    "text": "After 497 days the port stops.",
    "workaround": "Reload within 497 days.",
    "score": 7.5,
}


def typed(house: House, **changes: object) -> None:
    document = csaf(bulletin({**BULLETIN, **changes}), "House", house.clock(), "0")
    one = Document(name="b.json", raw=json.dumps(document).encode())
    assert not taking.taken(house.store, [one], taking.BULLETINS, "typed", house.clock()).refused


def installed(house: House, name: str, version: str, patch: str = "", model: str = "S5735-L48T4X-A") -> None:
    identity = Identity(platform="huawei_vrp", vendor="Huawei", model=model, version=version, patch=patch or None)
    with house.store.writing() as disk:
        devices.answered(disk, name, identity, house.clock())


def turn(house: House) -> noticing.Done:
    with house.store.writing() as disk:
        return noticing.caught_up(disk, house.settings, house.clock())


def parts(mail: EmailMessage) -> dict[str, bytes]:
    """The files of a mail, by the end of their names."""
    return {
        str(e.get_filename()).rpartition(".")[2]: cast("bytes", e.get_payload(decode=True))
        for e in mail.iter_attachments()
    }


def written(house: House, to: str = "duty@example.org") -> list[Any]:
    with house.store.reading() as disk:
        return [each.letter for each in letters.all_letters(disk) if each.letter.recipient == to]


def only_notice(house: House) -> notices.Notice:
    with house.store.reading() as disk:
        (found,) = notices.all_notices(disk)
    return found


def kinds(house: House) -> list[str]:
    return [each.kind.value for each in only_notice(house).events]


def said(house: House, kind: Happened, data: Mapping[str, str]) -> None:
    with house.store.writing() as disk:
        notices.happened(disk, only_notice(house).id, kind, "wang", house.clock(), data)


async def test_a_bulletin_is_told_once_to_whom_it_concerns(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    installed(house, CORE, "V200R021C10SPC600")
    typed(house)
    done = turn(house)
    assert (done.units, done.letters) == (2, 2)
    (letter,) = written(house)
    assert "B-1" in letter.subject
    assert SWITCH in letter.text
    assert CORE not in letter.text
    for words in ("497 days", "V200R021C10SPC600", "V200R021SPH005", "Reload within 497 days.", "V200R019C00SPC500"):
        assert words in letter.text, words
        assert words in letter.html, words
    assert "<b>forwarding" not in letter.html
    (chinese,) = written(house, "zhiban@example.org")
    assert "及时通知" in chinese.subject
    assert "受影响" in chinese.text
    assert kinds(house) == ["new", "sent"]
    for _ in range(3):
        house.clock.advance(hours=9)
        assert turn(house).letters == 0
    typed(house)  # the same again
    assert turn(house).letters == 0


async def test_an_upgrade_is_seen_and_ends_the_notice(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    installed(house, CORE, "V200R019C10SPC500")
    typed(house)
    turn(house)
    said(house, Happened.PLANNED, {"date": "2026-12-01"})
    installed(house, SWITCH, "")  # it does not tell its version: that repairs nothing
    assert turn(house).letters == 0
    assert kinds(house) == ["new", "sent", "planned"]
    installed(house, SWITCH, "V200R021C10SPC600")
    turn(house)
    assert kinds(house)[-1] == "fixed"
    assert only_notice(house).events[-1].data["left"] == "1"
    assert life.state(only_notice(house).events) is Happened.PLANNED
    installed(house, CORE, "V200R022C00SPC500")
    assert turn(house).letters == 0
    assert life.state(only_notice(house).events) is Happened.FIXED
    installed(house, CORE, "V200R019C10SPC500")  # and back again
    assert turn(house).letters == 2
    assert only_notice(house).events[-1].data["why"] == "new_unit"


async def test_a_dismissed_finding_does_not_come_back_by_itself(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)
    turn(house)
    said(house, Happened.ACCEPTED, {"until": "2026-12-31", "reason": "no window"})
    house.clock.advance(days=20)
    typed(house, text="Other words, nothing new.")
    installed(house, SWITCH, "V200R019C10SPC500")  # another version that is affected as before
    assert turn(house).letters == 0
    house.clock.advance(days=30)
    with house.store.writing() as disk:
        assert len(noticing.told(disk, house.settings, house.clock())) == 2
    assert only_notice(house).events[-1].data["why"] == "lapsed"
    with house.store.writing() as disk:
        assert noticing.told(disk, house.settings, house.clock()) == ()


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({"affected": ["S5735: V200R019C00"], "fixed": []}, {}, "worse fix"),
        ({}, {"known_exploited": True}, "exploited"),
        ({"fixed": [], "affected": ["S5735: V200R019C00SPC500"]}, {}, "fix"),
    ],
)
async def test_a_customer_is_told_again_for_a_reason(
    house: House, before: dict[str, object], after: dict[str, object], why: str
) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house, **before)
    assert turn(house).letters == 2
    said(house, Happened.ACCEPTED, {"until": "2027-12-31", "reason": "no window"})
    typed(house, **after)
    assert turn(house).letters == 2
    assert kinds(house)[-1] == "told_again"
    assert only_notice(house).events[-1].data["why"] == why
    assert "Told again" in written(house)[-1].text
    assert turn(house).letters == 0


async def test_a_new_unit_is_told_with_all_that_are_affected(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)
    turn(house)
    installed(house, CORE, "V200R019C00SPC500")
    assert turn(house).letters == 2
    assert "a further device" in written(house)[-1].text
    assert CORE in written(house)[-1].text


async def test_exploitation_is_told_when_the_catalogue_names_it(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house, cve="CVE-2026-11111")
    turn(house)
    catalogue = {
        "catalogVersion": "1",
        "vulnerabilities": [{"cveID": "CVE-2026-11111", "vendorProject": "Huawei", "product": "S5700"}],
    }
    one = Document(name="kev.json", raw=json.dumps(catalogue).encode())
    taking.taken(house.store, [one], "", "file", house.clock())
    assert turn(house).letters == 2
    assert "URGENT" in written(house)[-1].subject
    with house.store.reading() as disk:
        assert {each.name for each in advisories.sources(disk)} == {"bulletins", "kev"}
        # the entry of the catalogue has no versions; the bulletin speaks for it
        assert {hit.verdict for hit in advisories.hits(disk, [SWITCH], ["affected", "undetermined"])} == {"affected"}


async def test_verdicts_life_and_letters_are_written_together_or_not_at_all(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)

    def dies(disk: Connection) -> None:
        assert noticing.caught_up(disk, house.settings, house.clock()).letters == 2
        raise MemoryError

    with pytest.raises(MemoryError):
        await house.store.do(dies)
    with house.store.reading() as disk:
        assert letters.all_letters(disk) == ()
        assert notices.all_notices(disk) == ()
        assert advisories.hits(disk, [SWITCH], ["affected"]) == ()
    assert turn(house).letters == 2


async def test_what_nobody_was_told_is_told_once_there_is_somebody(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)
    mail = house.settings.mail
    house.settings = replace(house.settings, mail=replace(mail, recipients=()))
    assert turn(house).letters == 0
    assert kinds(house) == ["new"]
    someone = Recipient(name="Li", address="li@example.org", language=Language.EN)
    house.settings = replace(house.settings, mail=replace(mail, recipients=(someone,)))
    with house.store.writing() as disk:
        assert len(noticing.told(disk, house.settings, house.clock())) == 1
    assert kinds(house) == ["new", "sent"]


async def test_the_times_prove_whether_it_was_in_time(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house, published="2026-11-20")
    done = turn(house)
    house.clock.advance(minutes=5)
    with house.store.reading() as disk:
        before = noticed.proof(disk, only_notice(house), house.settings, house.clock())
        late = noticed.proof(disk, only_notice(house), house.settings, house.clock() + timedelta(days=2))
    assert (before.seen, before.written, before.sent, before.in_time) == (T0, T0, None, None)
    assert late.in_time is False
    assert enclosing.enclosed(house.store, done.parcels, house.settings, house.clock()) == 2
    duties = Duties(house.settings, house.store, Metrics("t"), Progress({}, house.clock()), house.clock)
    await duties.tick()
    await duties.finished()
    assert len(house.sink.mails) == 2
    for mail in house.sink.mails:
        files = parts(mail)
        assert files["pdf"].startswith(b"%PDF-")
        assert files["docx"].startswith(b"PK")
    with house.store.reading() as disk:
        after = noticed.proof(disk, only_notice(house), house.settings, house.clock() + timedelta(days=99))
        shown = noticed.shown(disk, house.settings, only_notice(house), house.clock())
    assert (after.published, after.sent, after.in_time) == ("2026-11-20T00:00:00+00:00", house.clock(), True)
    assert shown["times"]["in_time"] is True
    assert shown["devices"][0]["evidence"]


async def test_the_month_has_open_matters_and_what_was_repaired_in_it(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    installed(house, CORE, "V200R019C00SPC500")
    installed(house, SERVER, "V200R019C00SPC500", model="Quidway")
    typed(house)
    turn(house)
    house.clock.advance(days=1)
    installed(house, CORE, "V200R021C10SPC600")
    turn(house)
    start, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    with house.store.reading() as disk:
        found = noticed.month(disk, house.settings, [SWITCH, CORE, SERVER], start, end, house.clock())
        before = noticed.month(disk, house.settings, [SWITCH], start, T0, house.clock())
        ended = T0 + timedelta(hours=1)
        as_of = noticed.month(disk, house.settings, [CORE], start, ended, house.clock())
        report = reporting.gathered(
            disk, house.settings, *_of_house(house), "2026-11", datetime(2026, 12, 2, tzinfo=UTC)
        )
    assert [(each.device, each.verdict, each.state) for each in found.exposures] == [
        (SWITCH, "affected", "sent"),
        (CORE, "not_affected", "fixed"),
    ]
    assert found.exposures[0].fixed == "V200R021C10SPC600, V200R021SPH005"
    assert found.exposures[0].workaround == "Reload within 497 days."
    assert found.undetermined == 1
    assert before.exposures == ()
    assert [(each.device, each.verdict, each.state) for each in as_of.exposures] == [(CORE, "affected", "sent")]
    assert report.notices is not None
    assert [(each.device, each.state) for each in report.notices.exposures] == [(SWITCH, "sent"), (CORE, "fixed")]


def _of_house(house: House) -> tuple[Customer, list[Site]]:
    stock = house.settings.inventory
    return stock.customers["cdc"], list(stock.sites.values())


async def test_hostile_words_stay_words(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    evil = "x\r\nBcc: all@example.net\r\n<script>alert(1)</script>\u202e{{ 7*7 }}"
    typed(house, title=evil, text=evil, workaround=evil, fix=evil)
    turn(house)
    (letter,) = written(house)
    raw = message(letter, house.settings.mail.server).as_bytes()
    assert b"\r\nBcc:" not in raw
    assert "<script>" not in letter.html
    assert "\u202e" not in letter.html + letter.text + letter.subject
    assert "\n" not in letter.subject
    assert "49" not in letter.subject


async def test_an_old_source_is_said_in_letters_and_of_itself(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)
    house.clock.advance(days=9)
    turn(house)
    assert "older than 8 days" in written(house)[0].text
    with house.store.reading() as disk:
        (state,) = noticing.source_states(disk, house.clock())
    assert state.is_old


async def test_the_life_of_a_notice_is_only_ever_added_to(house: House) -> None:
    installed(house, SWITCH, "V200R019C00SPC500")
    typed(house)
    turn(house)
    for sql in ("UPDATE notice_event SET by = 'x'", "DELETE FROM notice_event"):
        with pytest.raises(Exception, match="only ever added"), house.store.writing() as disk:
            disk.exec_driver_sql(sql)
