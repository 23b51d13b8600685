"""What a device showed at first is remembered, another one is not taken for it, and a person can say otherwise."""

from datetime import UTC, datetime

from collectors.tables import Eye
from house import House
from monitor.store import pins

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_what_was_shown_first_stays_until_it_is_forgotten(house: House) -> None:
    with house.means.store.writing() as disk:
        assert pins.known(disk, "idrac-1", Eye.REDFISH) == ""
        pins.pinned(disk, "idrac-1", Eye.REDFISH, "ab12", NOON)
        pins.pinned(disk, "idrac-1", Eye.REDFISH, "cd34", NOON)
        pins.pinned(disk, "idrac-1", Eye.SSH, "ssh-ed25519 AAAA", NOON)
        pins.pinned(disk, "idrac-2", Eye.REDFISH, "ef56", NOON)
    with house.means.store.writing() as disk:
        assert pins.known(disk, "idrac-1", Eye.REDFISH) == "ab12"
        assert pins.forgotten(disk, "idrac-1") == 2
        assert pins.known(disk, "idrac-1", Eye.REDFISH) == ""
        assert pins.known(disk, "idrac-2", Eye.REDFISH) == "ef56"
