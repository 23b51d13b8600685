"""What is said of a device as a whole: down, blind, or kept out."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.faults.judgement import judged
from alerts.faults.policy import PolicyFile, policy
from collectors.looks import UNREACHED, Blind, Look
from collectors.presence import Presence
from collectors.reach import Reached, There
from collectors.snmp.reader import Silence
from collectors.tables import Eye
from monitor.model import Condition, Device, Level, Observation
from monitor.shipped import shipped

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CORE = Device(name="core-1", address="192.0.2.1", customer="cdc", site="hefei")
POLICY = policy(PolicyFile.model_validate(tomllib.loads((shipped() / "policy.toml").read_text("utf-8"))))
OK, DEGRADED, FAILED, UNKNOWN = Condition.OK, Condition.DEGRADED, Condition.FAILED, Condition.UNKNOWN


def presence(silence: Silence | None, there: There | None, *, asked: bool = True) -> Presence:
    reach = Reached(there=there) if there else None
    return Presence(device=CORE, at=NOW, asked=asked, silence=silence, tables={}, looks={}, reach=reach)


@pytest.mark.parametrize(
    ("silence", "there", "said"),
    [
        (None, There.UP, {"answer": OK, "access": OK, "reach": OK}),
        (Silence.TIMEOUT, None, {"answer": FAILED, "access": UNKNOWN}),
        (Silence.TIMEOUT, There.DOWN, {"answer": FAILED, "access": UNKNOWN, "reach": UNKNOWN}),
        (Silence.TIMEOUT, There.UNKNOWN, {"answer": FAILED, "access": UNKNOWN, "reach": UNKNOWN}),
        # it answers pings: not down, but nothing is known of its parts
        (Silence.TIMEOUT, There.UP, {"answer": DEGRADED, "access": UNKNOWN, "reach": OK}),
        (Silence.REFUSED, There.UP, {"answer": DEGRADED, "access": UNKNOWN, "reach": OK}),
        (Silence.WRONG_KEY, There.UP, {"answer": OK, "access": FAILED, "reach": OK}),
        # somebody filters ICMP and the three ports: SNMP tells that it is there
        (None, There.DOWN, {"answer": OK, "access": OK, "reach": UNKNOWN}),
    ],
)
def test_down_blind_and_kept_out_are_three_things(
    silence: Silence | None, there: There | None, said: dict[str, Condition]
) -> None:
    assert {one.aspect: one.condition for one in presence(silence, there).observations()} == said


def test_a_device_that_only_answers_pings_is_down_when_it_does_not() -> None:
    (one,) = presence(None, There.DOWN, asked=False).observations()
    assert (one.aspect, one.condition, one.source) == ("reach", FAILED, "icmp://192.0.2.1")


def test_a_round_trip_that_moved_is_no_news() -> None:
    one, other = (
        Presence(
            device=CORE, at=NOW, asked=True, silence=None, tables={}, looks={},
            reach=Reached(there=There.UP, seconds=seconds),
        )
        for seconds in (0.001, 0.002)
    )  # fmt: skip
    assert one.same(other)
    assert not one.same(presence(None, There.DOWN))


@pytest.mark.parametrize(
    ("silence", "blind", "snmp", "redfish"),
    [
        (None, Blind.TIMEOUT, Condition.OK, (Condition.OK, Condition.DEGRADED)),
        (Silence.TIMEOUT, Blind.TIMEOUT, Condition.FAILED, (Condition.FAILED, Condition.UNKNOWN)),
        (Silence.TIMEOUT, None, Condition.DEGRADED, (Condition.OK, Condition.OK)),
    ],
)
def test_a_device_that_one_eye_sees_is_not_down_for_another(
    silence: Silence | None, blind: Blind | None, snmp: Condition, redfish: tuple[Condition, Condition]
) -> None:
    look = Look(eye=Eye.REDFISH, at=NOW, tables={}, blind=blind)
    seen = replace(presence(silence, None), looks={Eye.REDFISH: look})
    claims = {(one.component.label, one.aspect): one.condition for one in seen.observations()}
    assert claims["", "answer"] is snmp
    assert (claims["redfish", "answer"], claims["redfish", "access"]) == redfish


@pytest.mark.parametrize(
    ("there", "blind", "answer", "access"),
    [
        (There.UP, Blind.REFUSED, Condition.DEGRADED, Condition.UNKNOWN),
        (There.DOWN, Blind.REFUSED, Condition.FAILED, Condition.UNKNOWN),
        (There.UNKNOWN, Blind.TIMEOUT, Condition.FAILED, Condition.UNKNOWN),
        (There.UP, Blind.BAD_ANSWER, Condition.OK, Condition.DEGRADED),
        (There.UP, Blind.WRONG_PASSWORD, Condition.OK, Condition.FAILED),
    ],
)
def test_a_management_controller_that_answers_pings_is_not_down(
    there: There, blind: Blind, answer: Condition, access: Condition
) -> None:
    look = Look(eye=Eye.REDFISH, at=NOW, tables={}, blind=blind, pinged=there is not There.UNKNOWN)
    reach = Reached(there=there)
    seen = Presence(device=CORE, at=NOW, asked=False, silence=None, tables={}, looks={Eye.REDFISH: look}, reach=reach)
    claims = {(one.component.label, one.aspect): one.condition for one in seen.observations()}
    assert (claims["redfish", "answer"], claims["redfish", "access"]) == (answer, access)
    assert not seen.same(replace(seen, reach=replace(reach, doubted=True))) or blind not in UNREACHED
    down_then = replace(seen, looks={Eye.REDFISH: replace(look, pinged=False)})
    assert {one.condition for one in down_then.observations() if one.aspect == "answer"} <= {FAILED, Condition.OK}
    assert not seen.same(down_then) or there is There.UNKNOWN


def test_a_device_that_does_not_answer_pings_just_now_is_not_said_to_be_there() -> None:
    reach = Reached(there=There.UP, doubted=True)
    dying = Presence(device=CORE, at=NOW, asked=True, silence=Silence.TIMEOUT, tables={}, looks={}, reach=reach)
    assert {one.aspect: one.condition for one in dying.observations()}["answer"] is FAILED
    assert not dying.same(presence(Silence.TIMEOUT, There.UP))


def test_another_key_than_at_first_is_a_fault_of_its_own_and_shutting_us_out_is_its_symptom() -> None:
    def told(blind: Blind | None, pin: str) -> tuple[Observation, ...]:
        seen = Look(eye=Eye.SSH, at=NOW, tables={}, blind=blind, pin=pin)
        return tuple(replace(presence(None, There.UP), looks={Eye.SSH: seen}).observations())

    well = told(None, "ssh-ed25519 AAAA")
    assert {one.aspect: one.condition for one in well if one.component.label == Eye.SSH} == {
        "answer": OK, "access": OK, "identity": OK,
    }  # fmt: skip
    assert not [one for one in told(Blind.TIMEOUT, "") if one.aspect == "identity"], "nobody knows"
    stranger = told(Blind.WRONG_HOST_KEY, "ssh-ed25519 BBBB")
    verdict = judged(stranger, CORE, {}, frozenset(), POLICY, NOW, at_once=True)
    (fault,) = [step.fault for step in verdict.steps if step.fault.hidden_by is None]
    assert (fault.key.aspect, fault.key.label, fault.level) == ("identity", "ssh", Level.MINOR)
    assert "SECURITY" in fault.reasons[0].text.en
    (access,) = [step.fault for step in verdict.steps if step.fault.key.aspect == "access"]
    assert access.hidden_by == fault.key
