import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.identify import SYS_DESCR, SYS_NAME, SYS_OBJECT_ID
from collectors.platform import PlatformFile, platforms
from collectors.recording import RecordingReader
from collectors.snmp.reader import Budget, Community, Ending, Reader, Reading, Request, Rows, Silence, Target, Value
from collectors.visit import Visit, observed, visited
from monitor.model import Condition, Device, Limits, Observation

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DEVICE = Device(name="sw-1", address="192.0.2.1", customer="customer-a", site="site-a")
FOLDER = Path(__file__).parents[2] / "configs" / "platforms"
OURS = platforms(
    {path.stem: PlatformFile.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in FOLDER.glob("*.toml")}
)
VRP: dict[str, Value] = {SYS_OBJECT_ID: "1.3.6.1.4.1.2011.2.23.1", SYS_NAME: b"sw-1"}
H3C: dict[str, Value] = {SYS_OBJECT_ID: "1.3.6.1.4.1.25506.1.1", SYS_NAME: b"sw-2"}
DELL: dict[str, Value] = {SYS_OBJECT_ID: "1.3.6.1.4.1.674.10892.5"}
ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
HW = "1.3.6.1.4.1.2011.5.25.31.1.1"
OPTIC = f"{HW}.3.1"
IDRAC = "1.3.6.1.4.1.674.10892.5"


def target(community: str = "x") -> Target:
    return Target(address="192.0.2.1", credential=Community(community=community))


async def visit(reader: Reader, targets: Sequence[Target] = (target(),), device: Device = DEVICE) -> Visit:
    return await visited(device, targets, reader, OURS, NOW, Budget())


async def said(*values: Mapping[str, Value]) -> dict[tuple[str, str, str], Observation]:
    """What a device with `values` says, by kind, label and aspect: never two things under one key."""
    observations = observed(
        await visit(RecordingReader({oid: value for some in values for oid, value in some.items()}))
    )
    found = {(o.component.kind, o.component.label, o.aspect): o for o in observations}
    assert len(found) == len(observations)
    return found


def silent(request: Request, silence: Silence) -> Reading:
    nothing = tuple(Rows(index=(), columns=dict.fromkeys(columns, ())) for columns in request.tables)
    return Reading(scalars={}, tables=nothing, silence=silence, seconds=2.0, requests=1)


class DoorKeeper(RecordingReader):
    """Answers only where the community is "right"; is otherwise silent for the reason that its door says."""

    def __init__(self, values: dict[str, Value], doors: dict[str, Silence], *, breaks: bool = False) -> None:
        super().__init__(values)
        self.doors, self.breaks, self.asked, self.seconds = doors, breaks, list[str](), list[float]()

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        if self.breaks:
            raise RuntimeError("an engine with a bug")
        assert isinstance(target.credential, Community)
        self.asked.append(target.credential.community)
        self.seconds.append(budget.seconds)
        silence = self.doors.get(target.credential.community)
        if silence is None:
            return replace(await super().read(target, request, budget), seconds=1.0, requests=3, bytes=100)
        return silent(request, silence)


async def test_tables_that_two_devices_do_not_have_are_kept_once() -> None:
    one, other = await visit(RecordingReader(VRP)), await visit(RecordingReader(VRP))
    lacking = [name for name, table in one.tables.items() if not table.index]

    assert len(lacking) > 20
    assert all(one.tables[name] is other.tables[name] for name in lacking)


async def test_credentials_are_tried_in_order_until_one_talks() -> None:
    reader = DoorKeeper(VRP, {"old": Silence.WRONG_KEY})

    found = await visit(reader, [target("old"), target("right"), target("never")])

    assert reader.asked == ["old", "right", "right"]
    assert reader.seconds == [30.0, 28.0, 27.0]
    assert found.target == 1
    assert found.platform is not None
    assert found.platform.name == "huawei_vrp"
    assert (found.seconds, found.requests, found.bytes) == (4.0, 7, 200)


async def test_the_credential_that_talked_last_time_is_tried_first() -> None:
    reader = DoorKeeper(VRP, {"old": Silence.TIMEOUT})
    targets = [target("old"), target("right")]
    first = await visit(reader, targets)
    reader.asked.clear()

    again = await visited(DEVICE, targets, reader, OURS, NOW, Budget(), first)
    assert reader.asked == ["right"], "who it is and what it tells are one question by now"
    assert again.target == 1

    reader.doors = {"right": Silence.WRONG_KEY}
    reader.asked.clear()
    changed = await visited(DEVICE, targets, reader, OURS, NOW, Budget(), again)
    assert reader.asked == ["right", "old", "old"]
    assert changed.target == 0


@pytest.mark.parametrize(
    ("silence", "answer", "access"),
    [
        (Silence.TIMEOUT, Condition.FAILED, Condition.UNKNOWN),
        (Silence.REFUSED, Condition.FAILED, Condition.UNKNOWN),
        (Silence.UNRESOLVED, Condition.FAILED, Condition.UNKNOWN),
        (Silence.WRONG_USER, Condition.OK, Condition.FAILED),
        (Silence.WRONG_KEY, Condition.OK, Condition.FAILED),
        (Silence.BAD_ANSWER, Condition.OK, Condition.FAILED),
    ],
)
async def test_silence_is_an_observation_with_its_reason(
    silence: Silence, answer: Condition, access: Condition
) -> None:
    found = await visit(DoorKeeper(VRP, {"x": silence}))

    first, second = observed(found)
    assert found.silence is silence
    assert (first.component.kind, first.component.label, first.aspect, first.condition) == (
        "device", "", "answer", answer
    )  # fmt: skip
    assert (second.aspect, second.condition, second.raw) == ("access", access, silence.value)
    assert first.source == "udp://192.0.2.1:161"


async def test_locked_door_tells_more_than_a_silent_one() -> None:
    doors = {"a": Silence.TIMEOUT, "b": Silence.WRONG_USER, "c": Silence.TIMEOUT}

    found = await visit(DoorKeeper(VRP, doors), [target("a"), target("b"), target("c")])

    assert found.silence is Silence.WRONG_USER


async def test_exception_of_an_engine_never_gets_out() -> None:
    found = await visit(DoorKeeper(VRP, {}, breaks=True))

    assert found.silence is Silence.BAD_ANSWER


PORT: dict[str, Value] = {"1.3.6.1.2.1.2.2.1.2.1": b"GE1", "1.3.6.1.2.1.2.2.1.7.1": 1, "1.3.6.1.2.1.2.2.1.8.1": 1}


class Cut(RecordingReader):
    """Keeps its tables to itself, or tells them not to their end."""

    def __init__(self, *, ended: Ending | None = None, silence: Silence | None = None) -> None:
        super().__init__(VRP | PORT)
        self.ended, self.silence = ended, silence

    async def read(self, target: Target, request: Request, budget: Budget) -> Reading:
        reading = await super().read(target, request, budget)
        if self.silence and request.tables:
            return silent(request, self.silence)
        tables = tuple(replace(rows, ended=self.ended if rows.index else None) for rows in reading.tables)
        return replace(reading, tables=tables)


async def test_table_that_ended_early_says_so_and_keeps_its_rows() -> None:
    found = observed(await visit(Cut(ended=Ending.REPEATED_OID)))

    walks = [(o.component.label, o.condition, o.raw) for o in found if o.aspect == "walk"]
    assert walks == [("interface", Condition.UNKNOWN, "repeated_oid")]
    assert ("GE1", Condition.OK) in {(o.component.label, o.condition) for o in found}


async def test_device_that_answers_and_then_falls_silent_is_there_but_unknown() -> None:
    found = observed(await visit(Cut(silence=Silence.TIMEOUT)))

    assert {(o.aspect, o.condition) for o in found} == {
        ("answer", Condition.OK), ("access", Condition.OK), ("walk", Condition.UNKNOWN)
    }  # fmt: skip


async def test_platform_that_the_inventory_names_is_not_guessed() -> None:
    found = await visit(RecordingReader(H3C), device=replace(DEVICE, platform="huawei_vrp"))

    assert found.identity.platform == "huawei_vrp"


async def test_identity_comes_from_the_first_source_that_says_something() -> None:
    values = VRP | {
        SYS_DESCR: b"S5720-36C-EI-AC \r\nVRP (R) software, Version 5.160 (S5720 V200R007C00SPC500)",
        f"{ENTITY}.5.9": 3,
        f"{ENTITY}.11.9": b" 2102359562DEMO00410\x00",
        "1.3.6.1.4.1.2011.5.25.19.1.8.5.1.1.4.0.50": b"V200R007SPH001",
    }

    identity = (await visit(RecordingReader(values))).identity

    assert identity.vendor == "Huawei"
    assert identity.model == "S5720-36C-EI-AC"
    assert identity.version == "V200R007C00SPC500"
    assert identity.patch == "V200R007SPH001"
    assert identity.serial == "2102359562DEMO00410"
    assert identity.name == "sw-1"


async def test_identity_that_is_not_told_is_none_and_never_a_guess() -> None:
    identity = (await visit(RecordingReader(DELL))).identity

    assert (identity.model, identity.version, identity.serial, identity.patch) == (None, None, None, None)


async def test_hostile_text_of_a_device_comes_in_clean() -> None:
    values = VRP | {SYS_NAME: "sw\u202e-1\x1b[31m\n".encode()}

    assert (await visit(RecordingReader(values))).identity.name == "sw-1[31m"


async def test_version_of_comware_is_written_as_advisories_write_it() -> None:
    values = H3C | {
        SYS_DESCR: b"H3C Comware Platform Software, Software Version 7.1.070, Release 6126P20\r\n"
        b"H3C S5130S-28S-EI\r\nCopyright (c) 2004"
    }

    identity = (await visit(RecordingReader(values))).identity

    assert (identity.model, identity.version) == ("S5130S-28S-EI", "7.1.070 R6126P20")


async def test_port_that_is_shut_is_absent_and_port_that_lost_its_link_is_failed() -> None:
    port = "1.3.6.1.2.1.2.2.1"
    found = await said(
        VRP
        | {f"{port}.2.1": b"GE1", f"{port}.7.1": 1, f"{port}.8.1": 2}
        | {f"{port}.2.2": b"GE2", f"{port}.7.2": 2, f"{port}.8.2": 2}
    )

    assert found["interface", "GE1", "oper_status"].condition is Condition.FAILED
    assert found["interface", "GE1", "oper_status"].raw == "down(2)"
    assert found["interface", "GE1", "oper_status"].source == "1.3.6.1.2.1.2.2.1.8.1"
    assert found["interface", "GE2", "oper_status"].condition is Condition.ABSENT
    assert found["interface", "GE2", "oper_status"].source == "1.3.6.1.2.1.2.2.1.7.2"


async def test_ports_without_end_are_each_told_under_a_name_of_their_own() -> None:
    ports = 1317
    values: dict[str, Value] = {}
    for n in range(1, ports + 1):
        values |= {
            f"1.3.6.1.2.1.2.2.1.2.{n}": b"Ethernet",
            f"1.3.6.1.2.1.2.2.1.7.{n}": 1,
            f"1.3.6.1.2.1.2.2.1.8.{n}": 1,
        }
        values |= {f"1.3.6.1.4.1.2011.5.25.183.1.21.1.5.{n}.0": 1} if n <= 163 else {}

    found = await said(VRP | values)

    assert len([key for key in found if key[0] == "interface" and key[2] == "oper_status"]) == ports
    assert len([key for key in found if key[0] == "stack_port" and key[2] == "state"]) == 163


async def test_state_of_a_fan_counts_only_where_a_fan_is() -> None:
    fan = f"{HW}.10.1"
    found = await said(
        VRP
        | {f"{fan}.5.1.1": 30, f"{fan}.6.1.1": 1, f"{fan}.7.1.1": 2}
        | {f"{fan}.5.1.2": 0, f"{fan}.6.1.2": 2, f"{fan}.7.1.2": 2}
    )

    assert found["fan", "Fan 1/1", "state"].condition is Condition.FAILED
    assert found["fan", "Fan 1/1", "state"].source == f"{fan}.7.1.1"
    assert found["fan", "Fan 1/1", "speed"].value == 0.3
    assert found["fan", "Fan 1/2", "state"].condition is Condition.ABSENT
    assert found["fan", "Fan 1/2", "speed"].condition is Condition.ABSENT


async def test_temperature_comes_with_the_limits_of_the_device_and_sentinels_are_no_values() -> None:
    state = f"{HW}.1.1"
    found = await said(
        VRP
        | {f"{ENTITY}.7.9": b"MPU Board 0", f"{state}.11.9": 42, f"{state}.12.9": 57, f"{state}.16.9": 0}
        | {f"{ENTITY}.7.10": b"Slot", f"{state}.11.10": 0}
        | {f"{ENTITY}.7.11": b"Port", f"{state}.11.11": 2147483647}
    )

    only = [o for (kind, _, _), o in found.items() if kind == "temperature"]
    assert [(o.component.label, o.value, o.unit, o.condition) for o in only] == [("MPU Board 0", 42.0, "celsius", None)]
    assert only[0].limits == Limits(high_warning=57.0)
    assert only[0].source == "1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11.9"


async def test_part_says_what_to_order_and_where_it_is() -> None:
    supply: dict[str, Value] = {
        f"{ENTITY}.2.81": b"POWER Card", f"{ENTITY}.7.81": b"POWER Card 0/5",
        f"{ENTITY}.11.81": b"2102310JFADEMO000001", f"{HW}.1.1.2.81": 2,
    }  # fmt: skip
    found = await said(VRP | supply)

    part = found["psu", "POWER Card 0/5", "state"]
    assert part.condition is Condition.FAILED
    assert (part.component.part_number, part.component.serial) == ("02310JFA", "2102310JFADEMO000001")


async def test_second_source_speaks_only_where_the_first_is_silent() -> None:
    values = VRP | {f"{ENTITY}.7.81": b"POWER Card 1/PWR1", f"{HW}.1.1.2.81": 2}
    table: dict[str, Value] = {f"{HW}.18.1.5.1.5": 1, f"{HW}.18.1.6.1.5": 1}

    assert ("psu", "POWER Card 1/PWR1", "state") in await said(values)
    assert [key for key in await said(values | table) if key[0] == "psu"] == [("psu", "Power supply 1/5", "state")]


async def test_stack_ports_of_a_lone_member_are_no_fault() -> None:
    port, member = "1.3.6.1.4.1.2011.5.25.183.1.21.1", "1.3.6.1.4.1.2011.5.25.183.1.20.1"
    alone = VRP | {f"{port}.3.1.0": b"STACK 1", f"{port}.5.1.0": 2, f"{member}.3.1": 1}

    assert (await said(alone))["stack_port", "Member 1 STACK 1", "state"].condition is Condition.ABSENT
    together = alone | {f"{member}.3.2": 2}
    assert (await said(together))["stack_port", "Member 1 STACK 1", "state"].condition is Condition.FAILED


def optic(rx: int, tx: int, lane: bytes = b"", up: int = 1) -> dict[str, Value]:
    return VRP | {
        f"{ENTITY}.7.14": b"XGE0/0/1", "1.3.6.1.2.1.31.1.1.1.1.4": b"XGE0/0/1",
        "1.3.6.1.2.1.2.2.1.7.4": 1, "1.3.6.1.2.1.2.2.1.8.4": up,
        f"{OPTIC}.8.14": rx, f"{OPTIC}.9.14": tx, f"{OPTIC}.13.14": -1269, f"{OPTIC}.14.14": 250,
        f"{OPTIC}.20.14": -1069, f"{OPTIC}.32.14": lane, f"{OPTIC}.33.14": b"-228.48" if lane else b"",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "dbm"),
    [
        (optic(536, 591, b"-270.19"), -2.71),  # microwatts, and the lane says so
        (optic(536, 591), -2.71),  # microwatts, because more than 1 mW of light is rare
        (optic(-849, -575), -8.49),  # dBm x 100, because no power is negative
        (optic(-300, 256), -3.0),  # ... also where one of the two is positive
        (optic(20, 591, b"-270.19"), -16.99),  # a lane that was read earlier does not turn the unit
    ],
)
async def test_optical_power_is_dbm_whichever_unit_the_model_uses(values: dict[str, Value], dbm: float) -> None:
    power = (await said(values))["optic", "XGE0/0/1", "rx_power"]

    assert power.value == pytest.approx(dbm, abs=0.01)
    assert power.unit == "dbm"
    assert power.limits == Limits(low_critical=-12.69, low_warning=-10.69, high_critical=2.5)


async def test_positive_power_is_dbm_on_a_box_that_also_sends_negative_ones() -> None:
    assert (await said(optic(-300, 256)))["optic", "XGE0/0/1", "tx_power"].value == 2.56


async def test_dark_optic_is_told_with_its_limits_whether_its_port_is_up_or_not() -> None:
    for up in (1, 2):  # that a port is not in use is judgement's business, which remembers whether it ever was
        dark = (await said(optic(-3000, -200, up=up)))["optic", "XGE0/0/1", "rx_power"]
        assert (dark.condition, dark.value) == (None, -30.0)
        assert dark.limits is not None


async def test_module_whose_laser_is_on_and_that_receives_less_than_a_microwatt_is_dark() -> None:
    microwatts: dict[str, Value] = {f"{OPTIC}.7.10": 6000, f"{OPTIC}.8.10": 0, f"{OPTIC}.9.10": 500}

    assert (await said(VRP | microwatts))["optic", "optic 10", "rx_power"].value == -40.0
    no_module = await said(VRP | microwatts | {f"{OPTIC}.7.10": 0})
    assert ("optic", "optic 10", "rx_power") not in no_module


@pytest.mark.parametrize(("told", "amperes"), [(6290, 0.00629), (35, 0.035), (0, 0.0)])
async def test_bias_current_is_amperes_whether_the_model_tells_micro_or_milliamperes(told: int, amperes: float) -> None:
    found = (await said(VRP | {f"{OPTIC}.1.10": 2, f"{OPTIC}.7.10": told}))["optic", "optic 10", "bias_current"]

    assert found.value == pytest.approx(amperes)
    assert found.condition is (None if told else Condition.ABSENT)


async def test_socket_without_a_module_tells_no_measure() -> None:
    empty = {f"{OPTIC}.1.10": 1} | {f"{OPTIC}.{column}.10": 0 for column in (5, 6, 7, 8, 9)}

    assert not [key for key in await said(VRP | empty) if key[0] in {"optic", "lane"}]


async def test_empty_cage_of_a_release_that_knows_no_lanes_is_absent_and_of_others_not_told() -> None:
    empty = {f"{OPTIC}.5.10": -255} | {f"{OPTIC}.{column}.10": -1 for column in (6, 7, 8, 9)}

    found = await said(VRP | empty)
    assert (found["optic", "optic 10", "rx_power"].condition, found["optic", "optic 10", "rx_power"].value) == (
        Condition.ABSENT,
        None,
    )
    assert ("optic", "optic 10", "rx_power") not in await said(VRP | empty | {f"{OPTIC}.31.10": b""})


async def test_single_lane_is_told_but_claims_nothing_beside_the_number_of_its_module() -> None:
    found = await said(optic(-300, -200, b"-300.00"))

    assert found["lane", "XGE0/0/1 lane 1", "rx_power"].condition is Condition.ABSENT
    assert found["lane", "XGE0/0/1 lane 1", "rx_power"].value == -3.0
    laser: dict[str, Value] = {f"{OPTIC}.1.14": 2, f"{OPTIC}.7.14": 6000}
    alone = await said(optic(-1, -200, b"-300.00") | laser)
    assert alone["lane", "XGE0/0/1 lane 1", "rx_power"].condition is None


@pytest.mark.parametrize("module", [{1: 7, 7: 6000}, {1: 2, 7: 0}, {1: 2, 7: 6000}])
async def test_lanes_count_only_where_a_port_is_up_and_a_laser_is_on(module: dict[int, Value]) -> None:
    dark = optic(-300, -200, b"-4000.00,-4000.00", up=2 if module == {1: 2, 7: 6000} else 1)
    found = await said(dark | {f"{OPTIC}.{column}.14": value for column, value in module.items()})

    assert found["lane", "XGE0/0/1 lane 2", "rx_power"].condition is Condition.ABSENT


async def test_fan_that_is_absent_is_told_with_its_own_values_which_claim_nothing() -> None:
    fan = f"{HW}.10.1"
    found = await said(VRP | {f"{fan}.5.0.3": 0, f"{fan}.6.0.3": 2, f"{fan}.7.0.3": 2})

    told = {aspect: (one.condition, one.source) for (kind, _, aspect), one in found.items() if kind == "fan"}
    assert told == {"state": (Condition.ABSENT, f"{fan}.7.0.3"), "speed": (Condition.ABSENT, f"{fan}.5.0.3")}


async def test_supply_that_does_not_measure_itself_tells_its_voltage_without_a_claim() -> None:
    supply = f"{HW}.18.1"
    found = await said(VRP | {f"{supply}.5.0.1": 1, f"{supply}.6.0.1": 1, f"{supply}.8.0.1": 0})

    assert found["psu", "Power supply 0/1", "voltage"].condition is Condition.ABSENT


@pytest.mark.parametrize("values", [{5: 12, 6: 80}, {5: 12, 7: 30}])
async def test_processor_is_seen_by_its_limit_or_by_the_memory_beside_it(values: dict[int, Value]) -> None:
    state = {f"{HW}.1.1.{column}.2": value for column, value in values.items()}

    assert (await said(VRP | state))["cpu", "board 2", "usage"].value == 0.12


async def test_older_releases_tell_their_usage_in_tables_of_their_own() -> None:
    device = "1.3.6.1.4.1.2011.6.3"
    usage: dict[str, Value] = {
        f"{device}.4.1.3.0.1.0": 39,
        f"{device}.5.1.1.2.0.1.0": 1000,
        f"{device}.5.1.1.3.0.1.0": 750,
    }

    found = await said(VRP | usage)
    assert (found["cpu", "Slot 1", "usage"].value, found["memory", "Slot 1", "usage"].value) == (0.39, 0.25)
    newer = await said(VRP | usage | {f"{HW}.1.1.5.2": 12, f"{HW}.1.1.7.2": 30})
    assert ("cpu", "Slot 1", "usage") not in newer


@pytest.mark.parametrize("root", ["1.3.6.1.4.1.25506.8.35", "1.3.6.1.4.1.2011.2.23.1"])
async def test_switch_without_a_table_of_entities_tells_its_usage_by_slot(root: str) -> None:
    slot = f"{root}.18.4.3.1"
    found = await said(H3C | {f"{slot}.4.0.1": 21, f"{slot}.8.0.1": 2, f"{slot}.13.0.1": 39, f"{slot}.14.0.1": 16})

    assert found["cpu", "Slot 1", "usage"].value == 0.21
    assert found["memory", "Slot 1", "usage"].value == 0.39
    assert found["temperature", "Slot 1, board", "temperature"].value == 16


async def test_sensor_of_comware_that_measures_nothing_is_told_and_a_board_without_a_sensor_is_not() -> None:
    ext = "1.3.6.1.4.1.25506.2.6.1.1.1.1.12"
    found = await said(H3C | {f"{ENTITY}.5.1": 8, f"{ENTITY}.5.2": 9, f"{ext}.1": 0, f"{ext}.2": 0})

    assert found["temperature", "entity 1", "temperature"].condition is Condition.ABSENT
    assert ("temperature", "entity 2", "temperature") not in found


async def test_module_of_comware_that_does_not_measure_itself_claims_nothing() -> None:
    port = "1.3.6.1.4.1.25506.2.70.1.1.1"
    found = await said(H3C | {f"{port}.8.5": 2, f"{port}.12.5": -3600, f"{port}.15.5": 2147483647})

    assert found["optic", "port 5", "rx_power"].condition is Condition.ABSENT
    assert ("optic", "port 5", "temperature") not in found


async def test_lanes_of_an_optic_are_parts_of_their_own() -> None:
    found = await said(optic(-300, -200, b"-200.00,-3000.00,-150.00"))

    lanes = {label: o.value for (_, label, aspect), o in found.items() if aspect == "rx_power" and "lane" in label}
    assert lanes == {"XGE0/0/1 lane 1": -2.0, "XGE0/0/1 lane 2": -30.0, "XGE0/0/1 lane 3": -1.5}


@pytest.mark.parametrize(
    ("light", "condition", "raw"),
    [
        (b"\x20", Condition.FAILED, "critical(2)"),
        (b"20 2 ", Condition.FAILED, "critical(2)"),
        (b"\x0c", Condition.DEGRADED, "minor(4) alarmOutstanding(5)"),
        (b"\x00", Condition.OK, "none"),
    ],
)
async def test_alarm_light_is_read_bit_by_bit(light: bytes, condition: Condition, raw: str) -> None:
    found = await said(VRP | {f"{ENTITY}.5.9": 9, f"{ENTITY}.7.9": b"MPU", f"{HW}.1.1.4.9": light})

    assert (found["board", "MPU", "errors"].condition, found["board", "MPU", "errors"].raw) == (condition, raw)


@pytest.mark.parametrize("light", [b"\x80", b"80 0", b""])
async def test_alarm_light_that_is_not_supported_says_nothing(light: bytes) -> None:
    found = await said(VRP | {f"{ENTITY}.5.9": 9, f"{ENTITY}.7.9": b"MPU", f"{HW}.1.1.4.9": light})

    assert ("board", "MPU", "errors") not in found


@pytest.mark.parametrize("root", ["1.3.6.1.4.1.25506.8.35.9.1", "1.3.6.1.4.1.2011.2.23.1.9.1"])
async def test_both_roots_of_comware_give_the_same(root: str) -> None:
    found = await said(H3C | {f"{root}.1.1.2.1": 2, f"{root}.2.1.2.1": 1, f"{root}.2.1.2.2": 3})

    assert found["fan", "Fan 1", "state"].condition is Condition.FAILED
    assert found["fan", "Fan 1", "state"].source == f"{root}.1.1.2.1"
    assert found["psu", "Power supply 1", "state"].condition is Condition.OK
    assert found["psu", "Power supply 2", "state"].condition is Condition.ABSENT


async def test_environment_without_limits_claims_nothing() -> None:
    slot = "1.3.6.1.4.1.25506.8.35.9.1.3.1"
    decoy = H3C | {f"{slot}.2.0.1.1": 2, f"{slot}.3.0.1.1": 16, f"{slot}.4.0.1.1": 0, f"{slot}.5.0.1.1": 0}

    assert ("temperature", "Slot 0.1.1", "state") not in await said(decoy)
    real = await said(decoy | {f"{slot}.4.0.1.1": 85})
    assert real["temperature", "Slot 0.1.1", "state"].condition is Condition.DEGRADED


@pytest.mark.parametrize(
    ("code", "condition"),
    [(2, "ok"), (4, "absent"), (22, "ok"), (23, "failed"), (41, "failed"), (71, "failed"), (99, "unknown")],
)
async def test_error_status_of_an_entity(code: int, condition: str) -> None:
    found = await said(H3C | {f"{ENTITY}.5.7": 7, f"{ENTITY}.7.7": b"FAN1", "1.3.6.1.4.1.25506.2.6.1.1.1.1.19.7": code})

    assert found["fan", "FAN1", "errors"].condition == condition


async def test_limits_of_optics_are_brought_to_the_unit_of_the_value() -> None:
    port = "1.3.6.1.4.1.25506.2.70.1.1.1"
    found = await said(
        H3C
        | {"1.3.6.1.2.1.31.1.1.1.1.49": b"XGE1/0/49", f"{port}.12.49": -250, f"{port}.35.49": 1000}
        | {f"{port}.15.49": 41, f"{port}.18.49": 75000, f"{port}.16.49": 331, f"{port}.23.49": 29700}
    )

    assert found["optic", "XGE1/0/49", "rx_power"].value == -2.5
    assert found["optic", "XGE1/0/49", "rx_power"].limits == Limits(low_critical=-10.0)
    assert found["optic", "XGE1/0/49", "temperature"].limits == Limits(high_critical=75.0)
    assert found["optic", "XGE1/0/49", "voltage"].value == 3.31
    assert found["optic", "XGE1/0/49", "voltage"].limits == Limits(low_critical=2.97)


async def test_loss_of_light_counts_on_a_port_that_is_up_and_a_broken_module_always() -> None:
    port = "1.3.6.1.4.1.25506.2.70.1.1.1.38.5"
    link: dict[str, Value] = {"1.3.6.1.2.1.2.2.1.2.5": b"XGE5", "1.3.6.1.2.1.2.2.1.7.5": 1, "1.3.6.1.2.1.2.2.1.8.5": 2}

    dark = await said(H3C | link | {port: b"\x00\x00\x80"})
    assert dark["optic", "XGE5", "errors"].condition is Condition.OK
    dark_and_up = await said(H3C | link | {"1.3.6.1.2.1.2.2.1.8.5": 1, port: b"\x00\x00\x80"})
    assert dark_and_up["optic", "XGE5", "errors"].condition is Condition.FAILED
    broken = await said(H3C | link | {port: b"40 00 00 1 "})
    assert broken["optic", "XGE5", "errors"].raw == "xcvrChecksum(1)"


async def test_worst_claim_about_one_aspect_stands_with_its_own_source() -> None:
    supply = f"{IDRAC}.4.600.12.1"
    values = DELL | {f"{supply}.5.1.1": 3, f"{supply}.8.1.1": b"PS1 Status", f"{supply}.11.1.1": 9}

    found = await said(values)

    assert found["psu", "PS1", "state"].condition is Condition.FAILED
    assert found["psu", "PS1", "state"].raw == "presenceDetected(1) psACLost(8)"
    assert found["psu", "PS1", "state"].source == f"{supply}.11.1.1"
    healthy = await said(values | {f"{supply}.11.1.1": 1})
    assert healthy["psu", "PS1", "state"].source == f"{supply}.5.1.1"


async def test_supply_is_known_by_its_probes_where_the_box_has_no_table_of_supplies() -> None:
    probe, supply = f"{IDRAC}.4.600.20.1", f"{IDRAC}.4.600.12.1"
    probes: dict[str, Value] = {f"{probe}.5.1.1": 8, f"{probe}.8.1.1": b"PS1 Voltage 1"}
    probes |= {f"{probe}.5.1.2": 3, f"{probe}.8.1.2": b"CPU1 VCORE"}

    without = await said(DELL, probes)
    assert [(key, o.condition) for key, o in without.items() if key[0] == "psu"] == [
        (("psu", "PS1", "state"), "failed")
    ]
    with_table = await said(DELL, probes, {f"{supply}.5.1.1": 3, f"{supply}.8.1.1": b"PS1 Status"})
    assert with_table["psu", "PS1", "state"].condition is Condition.OK


async def test_probe_has_its_state_its_number_and_limits_joined_by_index() -> None:
    probe = f"{IDRAC}.4.700.20.1"
    found = await said(
        DELL
        | {f"{probe}.5.1.1": 3, f"{probe}.6.1.1": 460, f"{probe}.8.1.1": b"CPU1 Temp", f"{probe}.10.1.1": 900}
        | {f"{probe}.5.1.3": 4, f"{probe}.6.1.3": 443, f"{probe}.8.1.3": b"Inlet", f"{probe}.11.1.3": 420}
    )

    assert found["temperature", "CPU1 Temp", "temperature"].limits == Limits(high_critical=90.0)
    assert found["temperature", "Inlet", "temperature"].value == 44.3
    assert found["temperature", "Inlet", "temperature"].limits == Limits(high_warning=42.0)
    assert found["temperature", "Inlet", "state"].condition is Condition.DEGRADED


async def test_amperage_is_amperes_or_watts_by_the_type_of_the_probe() -> None:
    probe = f"{IDRAC}.4.600.30.1"
    found = await said(
        DELL
        | {f"{probe}.6.1.1": 8, f"{probe}.7.1.1": 23, f"{probe}.8.1.1": b"PS1 Current 1"}
        | {f"{probe}.6.1.3": 198, f"{probe}.7.1.3": 26, f"{probe}.8.1.3": b"System Board Pwr Consumption"}
    )

    assert found["current", "PS1 Current 1", "current"].value == 0.8
    assert found["power", "System Board Pwr Consumption", "power"].value == 198.0


async def test_disk_that_will_fail_is_said_beside_its_state_and_a_rebuild_is_no_fault() -> None:
    disk = f"{IDRAC}.5.1.20.130.4.1"
    values: dict[str, Value] = {f"{disk}.55.1": b"Disk 0", f"{disk}.4.1": 3, f"{disk}.7.1": b"S1"}
    values |= {f"{disk}.31.1": 1, f"{disk}.49.1": 255}

    found = await said(DELL, values)

    assert found["disk", "Disk 0", "state"].condition is Condition.OK
    assert found["disk", "Disk 0", "predicted_failure"].condition is Condition.DEGRADED
    assert found["disk", "Disk 0", "predicted_failure"].component.serial == "S1"
    assert ("disk", "Disk 0", "endurance") not in found


async def test_parts_of_one_name_are_told_apart_and_others_keep_theirs() -> None:
    name, state = f"{ENTITY}.7", f"{HW}.1.1.11"
    names = {f"{name}.1": b"SRU", f"{name}.2": b"SRU", f"{name}.3": b"LPU"}
    found = await said(VRP, names, {f"{state}.1": 40, f"{state}.2": 41, f"{state}.3": 42})

    assert [label for kind, label, _ in found if kind == "temperature"] == ["SRU #1", "SRU #2", "LPU"]


async def test_tables_stay_columns_for_those_who_render_them() -> None:
    found = await visit(RecordingReader(VRP | {"1.3.6.1.2.1.2.2.1.2.7": b"GE7", "1.3.6.1.2.1.31.1.1.1.6.7": 2**40}))

    table = found.tables["interface"]
    assert table.index == ("7",)
    assert table.columns["in_octets"] == (2**40,)
    assert table.oids["in_octets"] == "1.3.6.1.2.1.31.1.1.1.6"
