"""What surrounds a device (alerts/faults/around.py): for how long a cause that is over is felt."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.faults.around import LINE, Around
from alerts.faults.rules import Elsewhere
from monitor.model import SITE, Component, Condition, Device, Fault, FaultKey, FaultState, Level, Observation, Role

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEVICE = Device(name="acc", address="192.0.2.1", customer="c", site="school", role=Role.ACCESS)
CAUSE = FaultKey(device="school", kind=SITE, label="school", aspect=LINE)
SILENT = Observation(
    component=Component(kind="device", label=""), aspect="answer", condition=Condition.FAILED, at=NOON, source="visit"
)
HIDDEN = Fault(
    key=FaultKey(device="acc", kind="device", label="", aspect="answer"),
    component=SILENT.component,
    condition=Condition.FAILED,
    state=FaultState.OPEN,
    level=Level.MINOR,
    reasons=(),
    evidence=SILENT,
    changed_at=NOON,
    first_seen=NOON,
    last_seen=NOON,
    hidden_by=CAUSE,
)


@pytest.mark.parametrize(("after", "left"), [(0, 90), (89, 1), (90, None), (1800, None)])
def test_the_end_of_what_is_felt_is_waited_for_once_and_never_behind_it(after: int, left: int | None) -> None:
    # while a fault that flaps is kept open, a moment that is past would bring the next visit at once, again and again
    now = NOON + timedelta(seconds=after)
    found = Around(device=DEVICE, now=now, elsewhere=Elsewhere(), ended={CAUSE: NOON}).felt_until(HIDDEN)
    assert found == (None if left is None else now + timedelta(seconds=left))
