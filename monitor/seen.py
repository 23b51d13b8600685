"""One visit without memory: what a device or a recording says, judged at first sight, as the JSON others build on.

The document of `netvigil replay --json` and `netvigil visit --json` (docs/commands.md); unknown is null, never a guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from alerts.faults.judgement import Judged, judged
from alerts.faults.policy import Policy
from collectors.platform import Platform
from collectors.snmp.reader import Budget, Reader, Target
from collectors.visit import observed, visited
from monitor.model import Component, Device, Fault, Identity, Observation


async def seen(
    device: Device,
    targets: Sequence[Target],
    reader: Reader,
    platforms: Mapping[str, Platform],
    policy: Policy,
    budget: Budget,
    now: datetime,
) -> dict[str, object]:
    """Visit once and judge: identity, observations and faults as one JSON document."""
    visit = await visited(device, targets, reader, platforms, now, budget)
    verdict = judged(observed(visit), device, {}, frozenset(), policy, now, at_once=True)
    return document(visit.identity, verdict)


def document(identity: Identity, verdict: Judged) -> dict[str, object]:
    """The JSON document of one judged visit. Symptoms are not listed as faults of their own."""
    faults = [step.fault for step in verdict.steps if step.change is not None and step.fault.hidden_by is None]
    return {
        "identity": asdict(identity),
        "observations": [_observation(each) for each in verdict.observations],
        "faults": [fault_document(each) for each in sorted(faults, key=lambda each: (each.level, each.key))],
    }


def fault_document(fault: Fault) -> dict[str, object]:
    """A fault as others read it."""
    return {
        "component": _component(fault.component),
        "aspect": fault.key.aspect,
        "condition": fault.condition.value,
        "level": int(fault.level),
        "reason": "; ".join(reason.text.en for reason in fault.reasons),
        "source": fault.evidence.source,
    }


def _observation(seen_: Observation) -> dict[str, object]:
    return {
        "component": _component(seen_.component),
        "aspect": seen_.aspect,
        "condition": seen_.condition.value if seen_.condition is not None else None,
        "value": seen_.value,
        "unit": seen_.unit or None,
        "raw": seen_.raw or None,
        "source": seen_.source or None,
    }


def _component(component: Component) -> dict[str, str]:
    told = {"kind": component.kind, "label": component.label}
    fru = {name: getattr(component, name) for name in ("slot", "model", "part_number", "serial")}
    return told | {name: value for name, value in fru.items() if value}
