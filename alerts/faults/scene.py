"""What surrounds a bad answer: the device's role, its declared ports, the link of the same label.

Asked by `judgement.py` for the `Case` that rules are matched against; worked out only when first asked for.
"""

from functools import cached_property

from alerts.faults.groups import Part
from alerts.faults.rules import Case, Link, Policy
from monitor.model import Condition, Device, Observation


class Scene:
    """One visit of one device, as rules may ask about it."""

    def __init__(
        self, observations: tuple[Observation, ...], device: Device, seen_ok: frozenset[Part], policy: Policy
    ) -> None:
        self.observations = observations
        self.device = device
        self.policy = policy
        self._seen_ok = seen_ok

    def case(self, observation: Observation) -> Case:
        """What rules ask about `observation`, its group left aside."""
        component = observation.component
        return Case(
            role=self.device.role,
            declared=component.label in self.device.expect_up,
            was_ok=(component.kind, component.label, observation.aspect) in self._seen_ok,
            link=self._links.get(component.label, Link.UNKNOWN),
        )

    @cached_property
    def _links(self) -> dict[str, Link]:
        links: dict[str, Link] = {}
        for one in self.observations:
            if one.component.kind == "interface" and one.aspect == "oper_status":
                link = _link(one.condition)
                # Told twice and differently: the better is believed, whichever comes first.
                if link is Link.UP or links.get(one.component.label, Link.UNKNOWN) is Link.UNKNOWN:
                    links[one.component.label] = link
        return links


def _link(condition: Condition | None) -> Link:
    if condition is Condition.OK:
        return Link.UP
    return Link.UNKNOWN if condition in {None, Condition.UNKNOWN} else Link.DOWN
