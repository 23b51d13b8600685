"""The policy as judgement uses it: rules indexed by (kind, aspect, what is wrong), timings, limits, words.

Made by `alerts/faults/policy.py` from policy.toml, asked by `judgement.py` for each answer that is not fine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from alerts.faults.overrides import Override
from monitor.model import Condition, Level, Limits, Role, Text


class Kind(StrEnum):
    """The kinds of parts that platform files and rules may name: a closed list."""

    DEVICE = "device"
    SYSTEM = "system"
    CHASSIS = "chassis"
    BOARD = "board"
    FAN = "fan"
    PSU = "psu"
    TEMPERATURE = "temperature"
    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER = "power"
    CPU = "cpu"
    MEMORY = "memory"
    DIMM = "dimm"
    PROCESSOR = "processor"
    INTERFACE = "interface"
    OPTIC = "optic"
    STACK = "stack"
    STACK_PORT = "stack_port"
    DISK = "disk"
    VIRTUAL_DISK = "virtual_disk"
    CONTROLLER = "controller"
    ENCLOSURE = "enclosure"
    BATTERY = "battery"
    INTRUSION = "intrusion"
    NIC = "nic"
    PCI = "pci"
    POE = "poe"
    BGP_PEER = "bgp_peer"
    OSPF_NEIGHBOUR = "ospf_neighbour"
    AGGREGATE = "aggregate"
    LANE = "lane"
    MODEM = "modem"
    FIRMWARE = "firmware"
    FLASH = "flash"
    VRRP = "vrrp"
    SITE = "site"


class Aspect(StrEnum):
    """What of a part is looked at: a closed list."""

    STATE = "state"
    REDUNDANCY = "redundancy"
    TEMPERATURE = "temperature"
    VOLTAGE = "voltage"
    CURRENT = "current"
    POWER = "power"
    SPEED = "speed"
    USAGE = "usage"
    RX_POWER = "rx_power"
    TX_POWER = "tx_power"
    BIAS_CURRENT = "bias_current"
    ERRORS = "errors"
    ROLE = "role"
    ANSWER = "answer"
    ACCESS = "access"
    IDENTITY = "identity"
    REACH = "reach"
    OPER_STATUS = "oper_status"
    PREDICTED_FAILURE = "predicted_failure"
    ENDURANCE = "endurance"
    WALK = "walk"
    DUPLEX = "duplex"
    UTILISATION = "utilisation"
    PACKET_ERRORS = "packet_errors"
    DISCARDS = "discards"
    CLOCK = "clock"
    CONFIGURATION = "configuration"
    LICENCE = "licence"
    LOG = "log"
    STARTUP = "startup"
    SECURITY = "security"


class Wrong(StrEnum):
    """What can be wrong with a part, as rules say it: its condition, or that it comes and goes."""

    DEGRADED = "degraded"
    FAILED = "failed"
    FLAPPING = "flapping"


class Group(StrEnum):
    """What is left of the parts that do the same work, once those that failed are taken away."""

    SOME_LEFT = "some_left"
    NONE_LEFT = "none_left"
    SINGLE = "single"
    SLOT_LOST = "slot_lost"
    """All of its slot failed, such as those of one stack member, while others of the device still work."""
    UNCLEAR = "unclear"
    """Some are left, but of none of them is it known that it works."""


class Link(StrEnum):
    """The interface that bears the same label as the part, in the same visit."""

    UP = "up"
    DOWN = "down"
    SHUT = "shut"
    """It makes no claim: an operator shut it, or its card is gone."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What rules ask about one bad answer. `group` is None until it has been counted."""

    role: Role
    declared: bool = False
    was_ok: bool = False
    link: Link = Link.UNKNOWN
    serves: bool = True
    """False where the device tells that the part waits in reserve, as a hot spare does."""
    below: frozenset[Role] = frozenset()
    group: Group | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the policy; None means that it does not ask. `level` None: recorded, no fault."""

    name: str
    level: Level | None
    why: Text
    roles: frozenset[Role] | None = None
    groups: frozenset[Group] | None = None
    links: frozenset[Link] | None = None
    serves: bool | None = None
    declared: bool | None = None
    was_ok: bool | None = None
    below: frozenset[Role] | None = None
    proposes: str = ""
    """The responsibility that is suggested to people where this rule speaks ("not_ours"); "" where none is."""
    tells_numbers: bool = False
    """True where `why` shows what a device measures: words that change with every visit are no news by themselves."""

    @property
    def asks_nothing(self) -> bool:
        """True where the rule fits every case."""
        asked = (self.roles, self.groups, self.links, self.serves, self.declared, self.was_ok, self.below)
        return all(one is None for one in asked)

    def fits(self, case: Case) -> bool:
        """True where the rule speaks of this case, its group left aside."""
        return (
            (self.roles is None or case.role in self.roles)
            and (self.links is None or case.link in self.links)
            and (self.serves is None or case.serves == self.serves)
            and (self.declared is None or case.declared == self.declared)
            and (self.was_ok is None or case.was_ok == self.was_ok)
            and (self.below is None or not self.below.isdisjoint(case.below))
        )


def first_match(rules: Iterable[Rule], case: Case) -> Rule | None:
    """The first rule that fits; None where none does, or where only the group, not yet counted, could tell."""
    for rule in rules:
        if rule.fits(case):
            if rule.groups is None or case.group in rule.groups:
                return rule
            if case.group is None:
                return None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many answers in a row, over how long, make something sure."""

    answers: int = 1
    time: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """The numbers of the flap penalty (RFC 2439, section 4.2), and when flapping has become a plain outage."""

    penalty: float = 1000.0
    half_life: timedelta = timedelta(minutes=15)
    suppress: float = 2500.0
    reuse: float = 1000.0
    ceiling: float = 8000.0
    steady: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How a number is judged against the part's own past (baseline.py): `factor` times what was usual.

    Never below `at_least`, nor above `at_most`. What is usual is learned over the last `days`, and counts once the
    device was watched on `after` of them.
    """

    at_least: float
    at_most: float
    factor: float
    days: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How one aspect of one kind is watched: what makes it sure, and the limits where the device tells none."""

    confirm: Run = Run()
    confirm_degraded: Run | None = None
    """What makes it sure where it is only degraded; None: the same."""
    clear: Run = Run(answers=2)
    limits: Limits | None = None
    hysteresis: float = 0.0
    baseline: Baseline | None = None
    """What stands in for `limits` once it is known what is usual for the part."""
    flaps: bool = True
    """False where coming and going is no trouble of its own: then it must last, and one good answer begins anew."""

    def confirms(self, condition: Condition) -> Run:
        """What makes it sure that the part is in this condition."""
        return self.confirm_degraded or self.confirm if condition is Condition.DEGRADED else self.confirm

    @property
    def matters_from(self) -> float | None:
        """The number from which on it may change a condition; None where no number can, 0 where any can."""
        limits = self.limits
        if limits is None:
            return None
        if limits.low_critical is not None or limits.low_warning is not None:
            return 0.0
        above = [limit for limit in (limits.high_warning, limits.high_critical) if limit is not None]
        return max(0.0, min(above) - self.hysteresis) if above else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """What a kind of part is called, and what is said of the parts of a group that still work."""

    name: Text
    names: Text
    rest_one: Text
    rest_many: Text
    by_slot: bool = False
    """True where the parts of one slot form a group of their own, as the power supplies of one stack member do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Something a symptom may hide behind. None means any."""

    kinds: frozenset[Kind] | None = None
    aspects: frozenset[Aspect] | None = None
    conditions: frozenset[Condition] = frozenset({Condition.DEGRADED, Condition.FAILED})
    same: Literal["device", "slot", "label"] = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One line of "this is only a symptom of that"."""

    kinds: frozenset[Kind] | None
    aspects: frozenset[Aspect] | None
    conditions: frozenset[Condition]
    behind: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How causes outside a device are found (around.py)."""

    doubt: timedelta = timedelta(seconds=15)
    """The longest time that a fault waits for a look at the devices that may explain it."""
    linger: timedelta = timedelta(seconds=90)
    """For so long a cause that is over still explains what it left behind: devices start, links are learned."""
    together: timedelta = timedelta(minutes=2)
    """What begins at one site within this time began at once."""
    devices: int = 2
    share: float = 0.5
    """So many devices, and this share of those with power supplies, are the whole site."""


_PLAIN = Watch()
_REST_ONE = Text(en="the other still works", zh_CN="另一个仍正常")
_REST_MANY = Text(en="the other {left} still work", zh_CN="其余 {left} 个仍正常")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All of policy.toml, ready to be asked."""

    rules: Mapping[tuple[str, str, Wrong], tuple[Rule, ...]]
    kinds: Mapping[str, KindWords]
    watches: Mapping[str, Mapping[str, Watch]]
    flapping: Flapping
    symptoms: tuple[Symptom, ...]
    roles: Mapping[Role, Text]
    conditions: Mapping[Wrong, Text]
    aspects: Mapping[Aspect, Text]
    refresh: timedelta
    elsewhere: Elsewhere = Elsewhere()
    overrides: tuple[Override, ...] = ()
    first_sight: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The aspects by kind for which a rule asks whether the part was ever seen well, or which are missed."""
    missed: frozenset[str] = frozenset()
    """The kinds whose parts are missed where they are absent, but were once seen well."""

    def watch(self, kind: str, aspect: str) -> Watch:
        """How this aspect of this kind is watched."""
        return self.watches.get(kind, {}).get(aspect, _PLAIN)

    def candidates(self, kind: str, aspect: str, wrong: Wrong) -> tuple[Rule, ...]:
        """The rules to try, in order. The last one asks nothing, so that one always fits."""
        return self.rules.get((kind, aspect, wrong), _NO_RULE)

    def words(self, kind: str) -> KindWords:
        """What `kind` is called; its own name where the policy does not know it."""
        name = Text(en=kind, zh_CN=kind)
        return self.kinds.get(kind) or KindWords(name=name, names=name, rest_one=_REST_ONE, rest_many=_REST_MANY)


# Only for words outside the closed lists, which a platform file cannot use: better a faint fault than silence.
_NO_RULE = (
    Rule(
        name="no rule",
        level=Level.WARNING,
        why=Text(
            en="no rule of the policy speaks of {aspect} of {kind}; {evidence}",
            zh_CN="策略中没有关于 {kind} {aspect} 的规则；{evidence}",
        ),
        tells_numbers=True,
    ),
)
