"""What surrounds a bad answer: the device's role, its declared ports, the link of the same label.

Asked by `judgement.py` for the `Case` that rules are matched against; worked out only when first asked for.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from alerts.faults.around import Around
from alerts.faults.groups import Part
from alerts.faults.rules import Case, Link, Policy
from monitor.model import Condition, Device, Observation


class Scene:
    """One visit of one device, as rules may ask about it."""

    def __init__(
        self,
        observations: tuple[Observation, ...],
        device: Device,
        seen_ok: frozenset[Part],
        policy: Policy,
        around: Around | None = None,
    ) -> None:
        self.observations = observations
        self.device = device
        self.policy = policy
        self.around = around
        self._seen_ok = seen_ok
        self._cases: dict[tuple[bool, bool, Link, bool], Case] = {}  # a thousand unused ports are one case

    def case(self, observation: Observation) -> Case:
        """What rules ask about `observation`, its group left aside."""
        component = observation.component
        declared = component.label in self.device.expect_up
        was_ok = (component.kind, component.label, observation.aspect) in self._seen_ok
        serves = (component.kind, component.label) not in self._reserve
        asked = (declared, was_ok, self._links.get(component.label, Link.UNKNOWN), serves)
        case = self._cases.get(asked)
        if case is None:
            case = Case(role=self.device.role, declared=asked[0], was_ok=asked[1], link=asked[2], serves=asked[3])
            self._cases[asked] = case
        if component.kind == "device" and self.around is not None:
            return replace(case, below=self.around.roles_below)
        return case

    @cached_property
    def _reserve(self) -> frozenset[tuple[str, str]]:
        """Kind and label of the parts of which the device tells that they wait in reserve."""
        return frozenset(
            (one.component.kind, one.component.label)
            for one in self.observations
            if one.aspect == "duty" and one.condition is Condition.ABSENT
        )

    @cached_property
    def _links(self) -> dict[str, Link]:
        links: dict[str, Link] = {}
        for one in self.observations:
            if one.component.kind == "interface" and one.aspect == "oper_status":
                # Told twice and differently: the better is believed, whichever comes first.
                both = (links.get(one.component.label, Link.UNKNOWN), _LINKS.get(one.condition, Link.UNKNOWN))
                links[one.component.label] = max(both, key=_RANK.index)
        return links


_LINKS: Mapping[Condition | None, Link] = {
    Condition.OK: Link.UP,
    Condition.DEGRADED: Link.DOWN,
    Condition.FAILED: Link.DOWN,
    Condition.ABSENT: Link.SHUT,
}
_RANK = (Link.UNKNOWN, Link.SHUT, Link.DOWN, Link.UP)
