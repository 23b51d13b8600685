"""What devices tell of their end, from the device to the line that people read: licences, certificates, counts."""

import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import CASES, looked_at
from counting import Switch, counting_switch
from redfish_server import ORIGINS, saved

from alerts.notices.forecast import Forecast
from alerts.notices.forecast_words import told
from collectors.heard import heard
from collectors.looks import Door, Login, Look, looked
from collectors.ports import NO_CABLING, ports
from collectors.redfish.reader import RedfishReader
from collectors.shouts import Shout
from collectors.simulate.poweredge import DIMM_A1, DISK_1, ROOT, poweredge
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.snmp import Network
from collectors.simulate.trees import Tree, changed
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Reader
from collectors.tables import Eye
from collectors.traffic import EVERYTHING
from collectors.visit import visited
from house import INVENTORY, NETVIGIL, SECRETS, Clock
from monitor import forecasting, foreseeing
from monitor.config import loaded
from monitor.flaps import Flaps
from monitor.memory import facts_of
from monitor.model import DeviceEvent, Happened, Identity, Language
from monitor.pipeline import Means, visit
from monitor.rollups import Rollups
from monitor.settings import Settings
from monitor.store import devices, letters, parts, rollups
from monitor.store.database import Store

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # 9 o'clock in Hefei
DAYS = tuple(datetime(2026, 11, day, 2, tzinfo=UTC) for day in (18, 19, 20, 21))
DEVICES = "".join(
    f'[[device]]\nname = "{name}"\naddress = "192.0.2.{place}"\nsite = "hefei-1"\nplatform = "{platform}"\n'
    f'credentials = ["v2c"]\n'
    for place, (name, platform) in enumerate(
        (("idrac-1", "dell_idrac"), ("vrp-1", "huawei_vrp"), ("cmw-1", "h3c_comware")), 1
    )
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY + DEVICES)
    return loaded(tmp_path, SECRETS)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store(settings.daemon.state) as opened:
        yield opened


class Nobody(Reader):
    """No SNMP: a device without targets is not asked over it."""

    async def read(self, *_: object) -> None:  # type: ignore[override]  # it is never asked
        raise AssertionError("asked over SNMP")

    async def close(self) -> None: ...


async def lived(store: Store, settings: Settings, name: str, eye: Eye, looks: Mapping[datetime, Look]) -> None:
    """The days of a device that is seen by one eye: six visits on each, as the daemon makes and remembers them."""
    past = Rollups(settings)
    device = settings.inventory.devices[name]
    last = None
    for day, look in looks.items():
        for minute in range(0, 30, 5):
            at = day + timedelta(minutes=minute)
            now = replace(look, at=at)
            seen = await visited(device, [], Nobody(), settings.platforms, at, Budget(), None, {eye: now})
            facts = facts_of(seen, last, NO_CABLING, EVERYTHING)
            past.visited(seen, facts, facts.observations)
            last = facts
        await past.tick(day + timedelta(hours=3), store)
    await past.close(store)
    with store.writing() as disk:
        devices.answered(disk, name, Identity(platform=device.platform), NOW)
        for each, day_over in rollups.ended(disk, NOW + timedelta(days=9), 1000):
            rollups.packed(disk, each, day_over)


async def tree(folder: Path, *changes: tuple[str, str, object]) -> Look:
    """One look at a server with these changes."""
    grown: Tree = poweredge()
    for change in changes:
        changed(grown, change)
    door = Door(address="192.0.2.1", port=443, login=Login(user="", password=""))
    return await looked(saved(folder, grown), door, Eye.REDFISH, ORIGINS, NOW, Budget(), None)


def found(store: Store, settings: Settings) -> list[Forecast]:
    with store.reading() as disk:
        return forecasting.forecasts(disk, settings, NOW)


def letter(store: Store, settings: Settings, recipient: str = "duty@example.org") -> str:
    """The letter of the daily look ahead, as the recipient reads it."""
    foreseeing.rounded(store, settings, NOW)
    with store.reading() as disk:
        (one,) = [each.letter for each in letters.all_letters(disk) if each.letter.recipient == recipient]
    return one.text


async def test_a_licence_that_ends_is_told_by_its_name(tmp_path: Path, store: Store, settings: Settings) -> None:
    ends = (f"{ROOT}/LicenseService/Licenses/FD2", "/ExpirationDate", "2027-01-10T00:00:00-06:00")
    look = await tree(tmp_path / "tree", ends)
    await lived(store, settings, "idrac-1", Eye.REDFISH, dict.fromkeys(DAYS, look))
    (one,) = found(store, settings)
    assert str(one.key) == "idrac-1/device/Secured Component Verification/licence/date"
    assert (one.facts["on"], one.stage) == ("2027-01-10", 2)
    assert "The licence (Secured Component Verification) of idrac-1 ends on 2027-01-10" in letter(store, settings)


async def test_licences_of_a_switch_that_end_on_one_day_are_one_line(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    shutil.copytree(CASES / "vrp_stack", tmp_path / "vrp")
    item = (
        " Sale name         : S-LIC\n Item name         : {name}\n Item type         : Function\n"
        " Control value     : 1\n Used value        : 1\n Item state        : Normal\n"
        " Item expired date : {ends}\n Item trial days   : --\n Description       : {name}\n\n"
    )
    (tmp_path / "vrp" / "display license verbose.txt").write_text(
        " Active license    : flash:/lic.dat\n License state     : Normal\n\n"
        + "".join(item.format(name=f"LIC{n}", ends="2026-12-15") for n in range(5))
        + item.format(name="LIC9", ends="PERMANENT")
    )
    look = await looked_at(tmp_path / "vrp", "huawei_vrp")
    await lived(store, settings, "vrp-1", Eye.SSH, dict.fromkeys(DAYS, look))
    (one,) = [each for each in found(store, settings) if each.subject == "licence"]
    assert (one.component.label, one.facts["on"]) == ("LIC0, LIC1, LIC2 … (+2)", "2026-12-15")


async def test_the_end_behind_the_state_of_a_licence_is_read(tmp_path: Path, store: Store, settings: Settings) -> None:
    shutil.copytree(CASES / "comware_irf", tmp_path / "cmw")
    (tmp_path / "cmw" / "display license.txt").write_text(
        "Slot 1:\nflash:/license/A.ak\nFeature: ADVPN\nProduct Description: VPN\nType: Trial (date restricted)\n"
        "Current State: In use\nValidity period: 2026-01-01 to 2026-12-01\n"
        "Slot 2:\nflash:/license/B.ak\nFeature: BGP\nType: Permanent\nCurrent State: In use\n"
    )
    look = await looked_at(tmp_path / "cmw", "h3c_comware")
    assert look.tables["cli_licence"].columns["feature"] == (b"ADVPN", b"BGP")
    await lived(store, settings, "cmw-1", Eye.SSH, dict.fromkeys(DAYS, look))
    (one,) = [each for each in found(store, settings) if each.subject == "licence"]
    assert (one.component.label, one.facts["on"]) == ("ADVPN", "2026-12-01")


async def test_a_certificate_that_a_server_shows_is_told_before_it_ends(
    tmp_path: Path, store: Store, settings: Settings
) -> None:
    server = RedfishServer(tree=poweredge())
    await server.start(certificate(tmp_path, ends=NOW + timedelta(days=20)))
    reader = RedfishReader()
    try:
        door = Door(address="127.0.0.1", port=server.port, login=Login(user="monitor", password="secret"), timeout=10)
        look = await looked(reader, door, Eye.REDFISH, ORIGINS, NOW, Budget(), None)
        known = await looked(reader, replace(door, pin=look.pin), Eye.REDFISH, ORIGINS, NOW, Budget(), None)
    finally:
        await reader.close()
        await server.stop()
    assert look.ends == known.ends == (NOW + timedelta(days=20)).timestamp()
    await lived(store, settings, "idrac-1", Eye.REDFISH, dict.fromkeys(DAYS, look))
    (one,) = [each for each in found(store, settings) if each.subject == "certificate"]
    assert (one.facts["on"], one.stage) == ("2026-12-12", 3)
    assert "idrac-1 证书（HTTPS）于 2026-12-12 到期" in letter(store, settings, "zhiban@example.org")


async def test_counts_of_a_disk_that_rise_are_told(tmp_path: Path, store: Store, settings: Settings) -> None:
    counts = f"{DISK_1}/Metrics"
    sound = await tree(tmp_path / "sound")
    bad, lost = (counts, "/BadBlockCount", 7), (counts, "/UncorrectableIOReadErrorCount", 2)
    worse = await tree(tmp_path / "worse", bad, lost)
    await lived(
        store, settings, "idrac-1", Eye.REDFISH, {DAYS[0]: sound, DAYS[1]: sound, DAYS[2]: sound, DAYS[3]: worse}
    )
    rising = [(each.component.label, each.aspect, each.current) for each in found(store, settings)]
    disk = "Disk 1 in Backplane 1 of Integrated RAID Controller 1"
    assert sorted(rising) == [(disk, "reallocated_sectors", 7.0), (disk, "uncorrectable_errors", 2.0)]
    assert "Number of reallocated sectors rose within 3 days from 0 to 7" in letter(store, settings)


async def test_errors_that_a_memory_module_counts_are_told(tmp_path: Path, store: Store, settings: Settings) -> None:
    sound = await tree(tmp_path / "sound")
    worse = await tree(tmp_path / "worse", (f"{DIMM_A1}/MemoryMetrics", "/LifeTime/CorrectableECCErrorCount", 250))
    await lived(store, settings, "idrac-1", Eye.REDFISH, {DAYS[1]: sound, DAYS[2]: sound, DAYS[3]: worse})
    (one,) = found(store, settings)
    assert (one.component.label, one.subject, one.current) == ("DIMM.Socket.A1", "counted", 250.0)
    assert "250 errors within 24 hours were corrected." in letter(store, settings)


# the maker's message registry has these texts (EEMI)
LINES = {
    "MEM0001 Multi-bit memory errors are detected on the memory device at location(s) DIMM_B2.": ("uncorrected", "B2"),
    "MEM8000 Correctable memory error logging disabled for a memory device at location DIMM_A3.": ("too_often", "A3"),
    "MEM9016 Correctable memory error rate exceeded for Dual In-line Memory Module (DIMM) A4.": (
        "too_often",
        "A4",
    ),
}


@pytest.mark.parametrize(("text", "subject", "slot"), [(text, *told) for text, told in LINES.items()])
def test_a_log_line_about_a_memory_module_is_told_of_its_part(
    store: Store, settings: Settings, text: str, subject: str, slot: str
) -> None:
    logged(store, [text])
    (one,) = found(store, settings)
    assert (one.component.kind, one.component.label, one.subject) == ("dimm", f"DIMM.Socket.{slot}", subject)


def test_single_errors_that_were_corrected_are_told_when_they_are_many(store: Store, settings: Settings) -> None:
    text = "MEM0702 Correctable memory errors detected for DIMM_A1. ({})"
    logged(store, [text.format(n) for n in range(99)])
    assert found(store, settings) == []
    logged(store, [text.format(100)])
    (one,) = found(store, settings)
    assert (one.subject, one.current) == ("counted", 100.0)
    assert "100" in told(one, Language.EN).what


def logged(store: Store, texts: list[str]) -> None:
    with store.writing() as disk:
        devices.answered(disk, "idrac-1", Identity(platform="dell_idrac"), NOW)
        parts.happened(
            disk,
            [
                DeviceEvent(
                    device="idrac-1",
                    at=NOW - timedelta(hours=2),
                    what=Happened.LOG_ENTRY,
                    data={"text": text},
                    source_id=text,
                )
                for text in texts
            ],
        )


# ------------------------------------------------------------------------------------------------ links that flap
BOX = """
[[device]]
name = "box"
address = "127.0.0.1"
port = {port}
site = "hefei-1"
credentials = ["v2c"]
"""


@dataclass
class World:
    """A daemon that watches a switch, and counts how often its links go down."""

    switch: Switch
    means: Means
    clock: Clock
    flaps: Flaps

    async def visit(self) -> None:
        self.clock.advance(seconds=30)
        self.switch.carry(30)
        self.switch.tell()
        outcome = await visit(self.means.settings.inventory.devices["box"], self.means)
        self.flaps.visited(outcome.visit, ports(outcome.facts.told))

    async def flap(self, times: int) -> None:
        for _ in range(times):
            self.switch.ports["GE1/0/4"].up = False
            await self.visit()
            self.switch.ports["GE1/0/4"].up = True
            await self.visit()

    def shout(self, index: str, state: str = "3") -> None:
        """A linkDown or linkUp."""
        values = {"1.3.6.1.2.1.2.2.1.1.1": index}
        shout = Shout(source="127.0.0.1", trap=f"1.3.6.1.6.3.1.1.5.{state}", values=values)
        self.flaps.heard("box", heard(shout, self.means.settings.platforms["_standard"]), self.clock.advance(seconds=2))

    async def told(self) -> list[tuple[str, float | None]]:
        await self.flaps.written(self.clock(), self.means.store)
        tomorrow = self.clock() + timedelta(days=1)
        with self.means.store.reading() as disk:
            found = forecasting.forecasts(disk, self.means.settings, tomorrow)
        return [(each.component.label, each.current) for each in found if each.subject == "flaps"]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock, network, reader = Clock(), Network(), EngineReader()
    switch = counting_switch(clock())
    port = await network.serve(switch.agent)
    (tmp_path / "netvigil.toml").write_text(NETVIGIL.format(smtp=25))
    (tmp_path / "inventory.toml").write_text(INVENTORY + BOX.format(port=port))
    configured = loaded(tmp_path, SECRETS)
    async with AsyncExitStack() as stack:
        store = stack.enter_context(Store(configured.daemon.state))
        with store.writing() as disk:
            devices.snapshot_saved(disk, "box", "2026-10-01", clock() - timedelta(days=50), [])
        means = Means(settings=configured, reader=reader, store=store, clock=clock)
        yield World(switch=switch, means=means, clock=clock, flaps=Flaps(configured, clock))
    network.close()
    await reader.close()


async def test_a_link_that_goes_down_again_and_again_is_told_as_flapping(world: World) -> None:
    await world.visit()
    await world.flap(4)
    assert await world.told() == []
    await world.flap(5)
    assert await world.told() == [("GE1/0/4", 9.0)]


async def test_a_port_that_was_shut_or_is_flat_is_no_flapping_link(world: World) -> None:
    await world.visit()
    for _ in range(9):
        world.switch.ports["GE1/0/4"].shut = True
        await world.visit()
        world.switch.ports["GE1/0/4"].shut = False
        await world.visit()
    assert await world.told() == []


async def test_failures_that_no_visit_saw_count_by_what_the_switch_says(world: World) -> None:
    await world.visit()
    place = next(n for n, name in enumerate(world.switch.ports, 1) if name == "GE1/0/4")
    for _ in range(7):
        world.shout(str(place))
        world.shout(str(place), "4")
    world.shout("4711")  # no port of this switch
    await world.flap(2)  # seen by visits; the seven that were heard are more
    assert await world.told() == [("GE1/0/4", 7.0)]


async def test_the_count_of_a_day_outlives_the_daemon(world: World) -> None:
    await world.visit()
    await world.flap(3)
    await world.flaps.written(world.clock(), world.means.store)
    world.flaps = Flaps(world.means.settings, world.clock)
    await world.visit()
    await world.flap(3)
    assert await world.told() == [("GE1/0/4", 6.0)]
