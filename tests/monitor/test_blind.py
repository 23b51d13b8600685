"""Down or blind: what a silent device is called, by whether it answers pings."""

from dataclasses import replace

import pytest

from collectors.reach import Reached, There
from house import House
from monitor.pipeline import visit


@pytest.mark.parametrize(
    ("there", "rule", "level"),
    [(There.UP, "device-blind", 3), (There.DOWN, "device-silent", 1), (There.UNKNOWN, "device-silent", 1)],
)
async def test_a_core_that_answers_pings_and_no_snmp_is_blind_and_not_down(
    house: House, there: There, rule: str, level: int
) -> None:
    name = "hf-core-01"
    means = replace(house.means, reach=lambda _: Reached(there=there))
    await visit(house.device(name), means)
    house.simulated[name].device.silent = True
    for _ in range(6):  # nobody looks at the others of its site, so it waits for what they would say
        house.clock.advance(seconds=5)
        outcome = await visit(house.device(name), means)
        if outcome.changes:
            break
    ((fault, _),) = outcome.changes
    assert (fault.key.aspect, fault.level, fault.reasons[0].rule) == ("answer", level, rule)
