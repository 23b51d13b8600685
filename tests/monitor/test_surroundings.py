"""One fault for one cause, also where the cause lies outside the device: over real sockets and a real disk."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.desk import tickets as desk
from alerts.faults.explained import explained
from alerts.papers.paper import Table
from alerts.reports.fault_report import fault_report
from collectors.simulate.breakage import SILENT, Bench
from collectors.simulate.fleet import fleet
from collectors.simulate.values import Told
from house import House
from monitor import after, explaining
from monitor.memory import Memory
from monitor.model import Fault, FaultState, Language, Level
from monitor.pipeline import visit
from monitor.store import faults, tickets
from monitor.surroundings import Surroundings

CORE, ACCESS, SERVER = "hf-core-01", "hf-acc-03", "hf-srv-02"
ALL = (CORE, ACCESS, SERVER)
_LLDP = "1.0.8802.1.1.2.1.4.1.1"  # lldpRemEntry


async def rounds(house: House, names: tuple[str, ...] = ALL, seconds: float = 30, step: float = 4) -> None:
    """Visit `names` in turn for so long, and at once whom a visit wants to be looked at."""
    for _ in range(max(1, int(seconds / step))):
        house.clock.advance(seconds=step)
        asked, seen = list(names), set[str]()
        while asked:
            name = asked.pop(0)
            seen.add(name)
            outcome = await visit(house.device(name), house.means)
            asked += [one for one in outcome.look if one not in seen]


async def opened(house: House) -> dict[str, Fault]:
    """The open faults that people hear of, by device and kind."""
    found = await house.store.ask(faults.open_faults)
    return {f"{one.key.device} {one.key.kind}": one for one in found if one.hidden_by is None}


def silence(house: House, *names: str) -> list[Bench]:
    benches = [Bench(house.simulated[name].device) for name in names]
    for bench in benches:
        bench.put("gone", SILENT)
    return benches


def with_parents(house: House, **parents: str) -> None:
    """The house with these ways declared: names with underscores for dashes."""
    stock = house.settings.inventory
    above = {name.replace("_", "-"): (parent,) for name, parent in parents.items()}
    devices = {name: replace(one, parents=above.get(name, ())) for name, one in stock.devices.items()}
    house.settings = replace(house.settings, inventory=replace(stock, devices=devices))
    house.means = replace(house.means, settings=house.settings)


async def test_a_core_that_dies_alone_is_told_at_its_second_look(house: House) -> None:
    await rounds(house, seconds=2)
    silence(house, CORE)
    await rounds(house, (CORE,), seconds=8)
    assert list(await opened(house)) == [f"{CORE} device"]


async def test_a_site_of_which_nothing_answers_is_one_fault_and_proposed_as_not_ours(house: House) -> None:
    await rounds(house, seconds=2)
    benches = silence(house, *ALL)
    await rounds(house, seconds=20)
    found = await opened(house)
    assert list(found) == ["hefei-1 site"]
    site = found["hefei-1 site"]
    assert (site.level, site.reasons[0].rule, site.reasons[0].proposes) == (Level.CRITICAL, "site-silent", "not_ours")
    assert site.evidence.raw == f"{ACCESS}, {CORE}, {SERVER}"
    (ticket,) = await house.store.ask(tickets.unclosed)
    assert ticket.events[0].data["proposes"] == "not_ours"
    assert desk.is_ours(ticket)
    for bench in benches:
        bench.take("gone")
    await rounds(house, seconds=12)
    assert await opened(house) == {}
    assert len(await house.store.ask(tickets.unclosed)) == 1


async def test_a_device_that_stays_silent_after_its_site_came_back_speaks_for_itself(house: House) -> None:
    await rounds(house, seconds=2)
    benches = silence(house, *ALL)
    await rounds(house, seconds=20)
    for bench in benches[1:]:
        bench.take("gone")
    await rounds(house, seconds=60, step=10)
    assert await opened(house) == {}, "what starts anew is given time"
    await rounds(house, seconds=60, step=10)
    assert list(await opened(house)) == [f"{CORE} device"]


async def test_power_supplies_of_several_devices_at_once_are_the_mains_of_the_site(house: House) -> None:
    await rounds(house, seconds=2)
    server = next(one for one in fleet().breakages if one.name == "server-supply")
    bench = Bench(house.simulated[SERVER].device)
    house.breakages["core-supply"].break_()
    bench.put("supply", server.changes)
    await rounds(house, seconds=20)
    found = await opened(house)
    assert list(found) == ["hefei-1 site"]
    site = found["hefei-1 site"]
    assert (site.key.aspect, site.level, site.reasons[0].rule) == ("power", Level.MAJOR, "site-mains")
    bench.take("supply")
    await rounds(house, seconds=12)
    assert await opened(house) == {}
    await rounds(house, seconds=120, step=10)
    assert list(await opened(house)) == [f"{CORE} psu"], "what is still broken when the mains are back is broken"


async def test_one_power_supply_alone_is_told_as_soon_as_the_others_were_seen(house: House) -> None:
    await rounds(house, seconds=2)
    house.breakages["core-supply"].break_()
    await rounds(house, (CORE,), seconds=8)
    assert list(await opened(house)) == [f"{CORE} psu"]


async def test_what_is_reached_through_a_switch_that_is_down_is_its_symptom(house: House) -> None:
    with_parents(house, hf_acc_03=CORE)
    await rounds(house, seconds=2)
    core, access = silence(house, CORE, ACCESS)
    await rounds(house, (ACCESS, CORE, SERVER), seconds=20)
    found = await opened(house)
    assert list(found) == [f"{CORE} device"]
    fault = found[f"{CORE} device"]
    assert fault.reasons[0].rule == "device-silent-cuts-off-others"
    assert "reached through it and cut off: 1 (hf-acc-03)" in fault.reasons[0].text.en
    hidden = await house.store.ask(lambda disk: faults.newest(disk, replace(fault.key, device=ACCESS)))
    assert hidden.hidden_by == fault.key
    core.take("gone")
    access.take("gone")
    await rounds(house, seconds=10)
    assert await opened(house) == {}


async def test_what_was_hidden_beneath_a_fault_is_still_told_when_both_are_over(house: House) -> None:
    with_parents(house, hf_acc_03=CORE)
    await rounds(house, seconds=2)
    core, access = silence(house, CORE, ACCESS)
    await rounds(house, (ACCESS, CORE, SERVER), seconds=20)
    cause = (await opened(house))[f"{CORE} device"]
    core.take("gone")
    access.take("gone")
    await rounds(house, seconds=60)
    with house.store.writing() as disk:
        faults.swept(disk, house.clock() + timedelta(days=2))  # suspicions that nobody was told of
        over = faults.newest(disk, cause.key)
        (ticket,) = tickets.unclosed(disk, cause.key)
        facts = after.of_fault(disk, ticket.id, house.settings, house.clock())
        said = explained(over, Language.EN, explaining.context(disk, over, house.settings, house.clock()))
    assert over.state is FaultState.CLEARED
    assert [(each.key.device, each.state) for each in facts.symptoms] == [(ACCESS, FaultState.CLEARED)]
    assert facts.symptoms[0].cleared_at is not None
    assert f"{ACCESS} / device / answer (failed, over since 2026-11-22 07:" in said
    (beneath,) = [
        each
        for each in fault_report(facts, Language.EN, analysis=True).blocks
        if isinstance(each, Table) and each.key == "symptoms"
    ]
    assert beneath.rows[0].cells[0] == ACCESS

    core, access = silence(house, CORE, SERVER)
    await rounds(house, seconds=20)
    again = (await opened(house))[f"{CORE} device"]
    assert again.id != over.id
    assert ACCESS not in {each.key.device for each in await house.store.ask(lambda disk: faults.beneath(disk, again))}


async def test_a_site_whose_only_way_in_is_down_is_told_as_that(house: House) -> None:
    with_parents(house, hf_acc_03=CORE, hf_srv_02=CORE)
    await rounds(house, seconds=2)
    silence(house, *ALL)
    await rounds(house, seconds=20)
    found = await opened(house)
    assert list(found) == [f"{CORE} device"]
    assert found[f"{CORE} device"].reasons[0].rule == "device-silent-cuts-off-servers"


async def test_an_access_switch_that_cuts_off_a_server_is_as_grave_as_the_server(house: House) -> None:
    with_parents(house, hf_srv_02=ACCESS)
    await rounds(house, seconds=2)
    silence(house, ACCESS, SERVER)
    await rounds(house, (SERVER, ACCESS, CORE), seconds=20)
    found = await opened(house)
    assert {name: one.level for name, one in found.items()} == {f"{ACCESS} device": Level.CRITICAL}


async def test_a_link_to_a_switch_that_is_down_is_its_symptom(house: House) -> None:
    port = 7
    core = house.simulated[CORE].device
    told: dict[int, Told] = {4: 7, 5: b"core", 6: 5, 7: b"GE1/0/1", 9: b"HF-ACC-03"}
    for column, value in told.items():
        core.set(f"{_LLDP}.{column}.0.{port}.1", value)
    await rounds(house, seconds=2)
    bench = Bench(core)
    silence(house, ACCESS)
    bench.put("link", {f"1.3.6.1.2.1.2.2.1.8.{port}": 2})
    await rounds(house, (CORE, SERVER, ACCESS), seconds=20)
    found = await opened(house)
    assert list(found) == [f"{ACCESS} device"]


@pytest.mark.parametrize("at", [4, 8, 12, 16])
async def test_a_restart_anywhere_changes_nothing(house: House, at: int) -> None:
    await rounds(house, seconds=2)
    silence(house, *ALL)
    await rounds(house, seconds=at)
    house.means = replace(house.means, memory=Memory(), surroundings=Surroundings())
    await rounds(house, seconds=20 - at)
    assert list(await opened(house)) == ["hefei-1 site"]
    assert len(await house.store.ask(tickets.unclosed)) == 1
