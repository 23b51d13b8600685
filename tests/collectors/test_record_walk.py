"""The walk over all of a device: gentle, bounded, past what holds it, around what is secret."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import PLATFORMS

from collectors.record.disguise import Disguise
from collectors.record.masks import Mask
from collectors.record.walked import Walked, lines, names_told, walked
from collectors.recording import recorded
from collectors.simulate.snmp import Network
from collectors.simulate.values import Told
from collectors.snmp.codec import Kind, Oid, oid_of
from collectors.snmp.engine import EngineReader
from collectors.snmp.reader import Budget, Ending, Request, Silence, Target
from hostile import COMMUNITY, DESCR, ONE, TWO, Circling, Device, Endless

PLATFORM = PLATFORMS["_standard"]
SECRETS = tuple(oid for each in PLATFORMS.values() for oid in each.secrets)
NAME = "1.3.6.1.2.1.1.5.0"
LLDP = "1.0.8802.1.1.2.1.4.1.1"
AFTER = "1.3.6.1.4.1.32473.9.1.0"


async def walk(device: Device, rows: int = 10_000) -> Walked:
    """The walk of `device`."""
    network = Network()
    port = await network.serve(device)
    target = Target(address="127.0.0.1", port=port, credential=COMMUNITY, timeout=0.2, retries=1)
    try:
        return await walked(target, PLATFORM, SECRETS, Budget(seconds=30, rows=rows))
    finally:
        network.close()


def box(values: dict[str, Told] | None = None, made: type[Device] = Device) -> Device:
    """A device with 30 rows, and these values."""
    return made({**(values or {}), AFTER: 7}, credentials=[COMMUNITY]).filled()


async def test_every_value_comes_with_its_type_by_one_question_at_a_time() -> None:
    values: dict[str, Told] = {
        f"{LLDP}.9.0.1.1": b"neighbour",
        "1.2.840.10006.300.43.1.1.1.1.2.1": 1,
        "1.3.6.1.2.1.1.3.0": (Kind.TIME_TICKS, 77),
        "1.3.6.1.2.1.4.20.1.1.192.0.2.1": (Kind.IP_ADDRESS, "192.0.2.1"),
        "1.3.6.1.2.1.31.1.1.1.6.1": (Kind.COUNTER64, 2**63),
        "1.3.111.2.802.1.1.1": (Kind.OPAQUE, b"\x9f\x78\x04"),
    }
    device = box(values)

    told = await walk(device)

    walked = {".".join(map(str, oid)): (kind, value) for oid, kind, value in told.values.values()}
    now = device.values()
    kind, uptime = walked.pop("1.3.6.1.2.1.1.3.0")
    assert (kind, uptime) <= now.pop("1.3.6.1.2.1.1.3.0"), "it goes on while it is asked"
    assert walked == now
    assert (told.ended, told.skipped, told.left_out, told.silence) == (None, [], [], None)
    assert device.most_waiting == 1


@pytest.mark.parametrize("secret", ["1.3.6.1.6.3.15", "1.3.6.1.6.3.18", "1.3.6.1.2.1.16.9.1.1.4", SECRETS[-1]])
async def test_subtree_with_secrets_is_left_out_and_what_follows_it_is_not(secret: str) -> None:
    told = await walk(box({f"{secret}.1.1": b"a community", f"{secret}.9.9.9": b"a key", "1.3.6.1.6.3.19.1": 1}))

    assert told.left_out == [secret]
    assert not [oid for oid in told.values if oid[: len(oid_of(secret))] == oid_of(secret)]
    assert {oid_of(AFTER), oid_of("1.3.6.1.6.3.19.1")} <= told.values.keys()
    assert told.ended is None


async def test_rows_out_of_order_are_all_taken() -> None:
    rows = [oid_of(f"{ONE}.{n}") for n in (5, 3, 9, 1)]
    order = [*rows, oid_of(AFTER)]

    class Disordered(Device):
        def following(self, oid: Oid, count: int) -> Sequence[Oid]:
            first = order.index(oid) + 1 if oid in order else 0 if oid < rows[0] else len(order)
            return order[first : first + count]

    values: dict[str, Told] = {f"{ONE}.{n}": n for n in (5, 3, 9, 1)}
    told = await walk(Disordered({**values, AFTER: 7}, credentials=[COMMUNITY]))

    assert told.values.keys() == set(order)


async def test_agent_that_goes_round_is_left_behind_and_said() -> None:
    device = box(made=Circling)

    told = await walk(device)

    assert {why for _, why in told.skipped} == {"repeated_oid"}
    assert oid_of(f"{ONE}.1") in told.values
    assert device.answered < 300


async def test_endless_agent_ends_with_the_bound_and_keeps_what_was_told() -> None:
    told = await walk(box(made=Endless), rows=500)

    assert told.ended is Ending.ROWS
    assert 500 <= len(told.values) <= 500 + 4 * 500


async def test_table_that_is_not_answered_is_passed_over() -> None:
    class Stuck(Device):
        def answer(self, datagram: bytes, now: float) -> bytes | None:
            reply = super().answer(datagram, now)
            return None if self.stuck else reply

        stuck = False

        def following(self, oid: Oid, count: int) -> Sequence[Oid]:
            found = super().following(oid, count)
            self.stuck = any(each[: len(oid_of(TWO))] == oid_of(TWO) and each[-1] > 20 for each in found)
            return found

    told = await walk(box(made=Stuck))

    assert ("1.3.6.1.4.1.32473.1.1.2", "timeout") in told.skipped or told.skipped[0][1] == "timeout"
    assert oid_of(AFTER) in told.values
    assert oid_of(f"{ONE}.30") in told.values


async def test_device_that_falls_silent_leaves_what_it_told() -> None:
    class Dying(Device):
        def answer(self, datagram: bytes, now: float) -> bytes | None:
            self.silent = self.answered >= 4
            return super().answer(datagram, now)

    told = await walk(box(made=Dying))

    assert told.ended is Ending.TIMEOUT
    assert told.values


async def test_silent_device_is_said_to_be_silent() -> None:
    device = box()
    device.silent = True

    assert (await walk(device)).silence is Silence.TIMEOUT


async def test_value_that_no_packet_holds_costs_no_more_than_its_place() -> None:
    device = box()
    device.set(f"{TWO}.15", b"x" * 3000)
    device.limit = 1400

    told = await walk(device)

    assert oid_of(f"{TWO}.15") not in told.values
    assert {oid_of(f"{ONE}.30"), oid_of(AFTER)} <= told.values.keys()
    assert told.skipped


async def test_walk_that_is_cut_has_all_the_same_what_the_platform_asks_for() -> None:
    ports: dict[str, Told] = {f"1.3.6.1.2.1.2.2.1.8.{n}": 1 for n in range(1, 21)}
    routes: dict[str, Told] = {f"1.2.840.10006.999.{n}": n for n in range(100)}

    told = await walk(box({**ports, **routes, NAME: b"SW-1"}), rows=50)

    assert told.ended is Ending.ROWS
    assert {oid_of(each) for each in (*ports, NAME, DESCR)} <= told.values.keys()


async def test_masked_lines_are_read_as_they_were_told(tmp_path: Path) -> None:
    mac, other = bytes.fromhex("48573402aa01"), bytes.fromhex("48573402aa02")
    values: dict[str, Told] = {
        NAME: b"HF-CORE-01.corp.example",
        "1.3.6.1.2.1.1.4.0": b"Wang, +86 551 1234567",
        "1.3.6.1.2.1.2.2.1.6.1": mac,
        "1.3.6.1.2.1.4.20.1.1.10.1.2.3": (Kind.IP_ADDRESS, "10.1.2.3"),
        f"{LLDP}.5.0.1.1": mac,
        f"{LLDP}.5.0.2.1": other,
        f"{LLDP}.9.0.1.1": b"hf-acc-09",
        f"{ONE}.97": b"uplink to hf-core-01, 10.1.2.3 and 10.1.2.4, read by topsecret1",
        f"{ONE}.98": "到 10.1.2.4".encode("gb18030"),
        f"{ONE}.99.10.1.2.3": 1,
        f"{ONE}.99." + ".".join(str(octet) for octet in b"topsecret1"): 1,
        "1.3.6.1.2.1.47.1.1.1.1.10.1": b"7.10.30.10",
    }
    told = await walk(box(values))
    disguise = Disguise(["hf-core-01"], ["Huawei"])
    disguise.add(names_told(told.values))
    mask = Mask(["topsecret1", "abc", ""], disguise)
    content, counts = lines(told.values, mask, PLATFORMS["huawei_vrp"])
    (tmp_path / "a.snmprec").write_bytes(content)
    found = recorded(tmp_path / "a.snmprec").values

    plain = content.decode("latin-1")
    assert not [
        word for word in ("10.1.2.", "topsecret1", "core-01", "CORE-01", "acc-09", "Wang", "48573402") if word in plain
    ]
    assert found["1.3.6.1.2.1.2.2.1.6.1"] == found[f"{LLDP}.5.0.1.1"] == bytes.fromhex("00005e005300")
    assert found[f"{LLDP}.5.0.2.1"] == bytes.fromhex("00005e005301")
    assert found[f"{ONE}.97"] == b"uplink to host-00001, 192.0.2.1 and 192.0.2.2, read by **********"
    assert found[f"{ONE}.98"] == "到 192.0.2.2".encode("gb18030")
    assert found["1.3.6.1.2.1.47.1.1.1.1.10.1"] == b"7.10.30.10"
    assert counts["left_out"] == 3
    assert mask.too_short == 1


async def test_what_was_walked_is_what_a_visit_would_read() -> None:
    network = Network()
    device = box()
    port = await network.serve(device)
    reader = EngineReader()
    target = Target(address="127.0.0.1", port=port, credential=COMMUNITY)
    told = await walked(target, PLATFORM, SECRETS, Budget())
    reading = await reader.read(target, Request(tables=((ONE, TWO),)), Budget())
    await reader.close()
    network.close()
    assert reading.tables[0].columns[TWO] == tuple(told.values[oid_of(f"{TWO}.{n}")].value for n in range(1, 31))
