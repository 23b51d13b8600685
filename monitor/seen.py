"""One visit without memory: what a device or a recording says, judged at first sight, as the JSON others build on.

The document of `netvigil replay --json` and `netvigil visit --json` (docs/commands.md); unknown is null, never a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from alerts.faults.judgement import Judged, judged
from alerts.faults.policy import Policy
from collectors.aggregates import aggregates
from collectors.cabling import cabling
from collectors.looks import Looks
from collectors.parts import FRU
from collectors.platform import Platform
from collectors.ports import Cabling
from collectors.snmp.reader import Budget, Reader, Target
from collectors.visit import told, visited
from monitor.model import Component, Device, Fault, Identity, Observation


async def seen(
    device: Device,
    targets: Sequence[Target],
    reader: Reader,
    platforms: Mapping[str, Platform],
    policy: Policy,
    budget: Budget,
    now: datetime,
    looks: Looks | None = None,
) -> dict[str, object]:
    """Visit once and judge, with what other eyes saw (`looks`): identity, observations and faults as one document."""
    visit = await visited(device, targets, reader, platforms, now, budget, looks=looks)
    found = told(visit)
    cables = cabling(found)
    joined = aggregates(found)
    facts = (*found.observations, *joined.observations)
    notes, within = cables.notes, joined.of
    verdict = judged(facts, device, {}, frozenset(), policy, now, notes=notes, within=within, at_once=True)
    return document(visit.identity, verdict, cables)


def document(identity: Identity, verdict: Judged, cables: Cabling) -> dict[str, object]:
    """The JSON document of one judged visit. Symptoms are not listed as faults of their own."""
    faults = [step.fault for step in verdict.steps if step.change is not None and step.fault.hidden_by is None]
    return {
        "identity": asdict(identity),
        "observations": [_observation(each, cables) for each in verdict.observations],
        "faults": [_fault(each, cables) for each in sorted(faults, key=lambda each: (each.level, each.key))],
    }


def _fault(fault: Fault, cables: Cabling) -> dict[str, object]:
    """A fault as others read it."""
    return {
        "component": _component(fault.component, cables),
        "aspect": fault.key.aspect,
        "condition": fault.condition.value,
        "level": int(fault.level),
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "source": fault.evidence.source,
    }


def _observation(seen_: Observation, cables: Cabling) -> dict[str, object]:
    return {
        "component": _component(seen_.component, cables),
        "aspect": seen_.aspect,
        "condition": seen_.condition.value if seen_.condition is not None else None,
        "value": seen_.value,
        "unit": seen_.unit or None,
        "raw": seen_.raw or None,
        "source": seen_.source or None,
    }


def _component(component: Component, cables: Cabling) -> dict[str, str]:
    told = {"kind": component.kind, "label": component.label}
    more = {name: getattr(component, name) for name in FRU}
    if component.kind == "interface":
        more["description"] = cables.descriptions.get(component.label, "")
        if there := cables.neighbours.get(component.label):
            more |= {"neighbour": there.name, "neighbour_port": there.port}
    return told | {name: value for name, value in more.items() if value}
