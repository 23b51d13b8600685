"""The daemon looks after notices by itself: fetched, matched, told, and an old source said once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from own_certificate import own_certificate

from alerts.notices.bulletin import bulletin, csaf
from collectors.feeds.bundle import Document
from house import SECRETS, House
from monitor import taking
from monitor.advising import Advising
from monitor.metrics import Metrics
from monitor.model import Identity
from monitor.settings import Notices
from monitor.store import advisories, devices, letters, notices

SWITCH = "hf-acc-03"
TYPED = {
    "id": "B-1", "title": "Ports stop", "vendor": "Huawei",
    "affected": ["S5735: <V200R021C10SPC600"], "fixed": ["S5735: V200R021C10SPC600"],
}  # fmt: skip


def advising(house: House, metrics: Metrics | None = None, directory: Path | None = None) -> Advising:
    return Advising(directory, house.settings, house.store, metrics or Metrics("t"), house.clock)


def typed(house: House, count: int = 1) -> None:
    found = [
        Document(
            name=f"{n}", raw=json.dumps(csaf(bulletin({**TYPED, "id": f"B-{n + 1}"}), "H", house.clock(), "0")).encode()
        )
        for n in range(count)
    ]
    taking.taken(house.store, found, taking.BULLETINS, "typed", house.clock())


def installed(house: House, version: str) -> None:
    with house.store.writing() as disk:
        identity = Identity(platform="huawei_vrp", model="S5735-L48T4X-A", version=version)
        devices.answered(disk, SWITCH, identity, house.clock())


def subjects(house: House) -> list[str]:
    with house.store.reading() as disk:
        return [e.letter.subject for e in letters.all_letters(disk) if e.letter.recipient == "duty@example.org"]


def kinds(house: House) -> list[str]:
    with house.store.reading() as disk:
        (one,) = notices.all_notices(disk)
    return [each.kind.value for each in one.events]


async def test_a_notice_is_told_and_ended_without_being_asked(house: House) -> None:
    own = advising(house)
    await own.turn()
    assert subjects(house) == []
    installed(house, "V200R019C00SPC500")
    typed(house)
    await own.turn()
    assert kinds(house) == ["new", "sent"]
    with house.store.reading() as disk:
        (english, *_) = [e for e in letters.all_letters(disk) if e.letter.recipient == "duty@example.org"]
    assert [each.name.rpartition(".")[2] for each in english.letter.enclosures] == ["pdf", "docx"]
    assert "pdf" in english.letter.text
    installed(house, "V200R021C10SPC600")
    house.clock.advance(minutes=1)
    await own.turn()
    assert kinds(house) == ["new", "sent", "fixed"]
    await own.turn()
    assert len(subjects(house)) == 1


async def test_what_is_large_is_matched_by_a_process_beside_the_daemon(house: House) -> None:
    installed(house, "V200R019C00SPC500")
    typed(house, 60)
    await advising(house, directory=house.folder).turn()
    with house.store.reading() as disk:
        assert len(notices.all_notices(disk)) == 60
        assert advisories.unmatched(disk)[:3] == (0, 0, 0)
    assert len(subjects(house)) == 1


async def test_a_source_that_grows_old_is_told_once_until_it_is_read_again(house: House) -> None:
    metrics = Metrics("t")
    own = advising(house, metrics)
    typed(house)
    await own.turn()
    house.clock.advance(days=8, minutes=1)
    for _ in range(3):
        await own.turn()
    assert subjects(house) == ["Notices of bulletins are older than 8 days"]
    read = datetime(2026, 11, 22, 7, 0, tzinfo=UTC).timestamp()
    line = f'netvigil_notice_source_last_read_timestamp_seconds{{source="bulletins"}} {read}'
    assert any(each.startswith(line.split("} ", maxsplit=1)[0]) for each in metrics.text().decode().splitlines())
    typed(house)
    await own.turn()
    house.clock.advance(days=9)
    await own.turn()
    assert len(subjects(house)) == 2


async def test_a_provider_that_cannot_be_reached_is_kept_with_its_reason(house: House, tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    address = "https://127.0.0.1:1/.well-known/csaf/provider-metadata.json"
    fetching = Notices(providers=(address,), authority=certificate, timeout=timedelta(seconds=2))
    house.settings = replace(house.settings, notices=fetching)
    own = advising(house)
    await own.turn()
    with house.store.reading() as disk:
        (source,) = advisories.sources(disk)
    assert (source.name, source.last_good, source.failed_at) == ("127.0.0.1:1", None, house.clock())
    assert source.failure
    house.clock.advance(days=9)
    await own.turn()
    assert subjects(house) == ["Notices of 127.0.0.1:1 are older than 8 days"]
    assert SECRETS["AUTH"] not in source.failure
