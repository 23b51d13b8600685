"""What the eyes beside SNMP see of a device now, for `netvigil visit`: looks without a daemon, and without memory."""

from datetime import datetime

from collectors.looks import Look, Looks, looked, unneeded
from collectors.snmp.reader import Budget, Reader
from collectors.tables import Eye
from collectors.visit import visited
from monitor.model import Device
from monitor.settings import Settings
from monitor.store import pins
from monitor.store.database import FILE_NAME, StateDirectoryError
from monitor.verbs import doors
from monitor.watch import READERS
from monitor.watching import BYTES


async def looks_now(settings: Settings, device: Device, reader: Reader, now: datetime) -> Looks:
    """One look by each eye that the inventory names for `device`; by what SNMP says that it is, where that is asked."""
    eyes = [eye for eye in READERS if device.name in settings.seen_by(eye)]
    if not eyes:
        return {}
    budget = settings.snmp.budget
    first = await visited(device, settings.targets(device), reader, settings.platforms, now, budget)
    platform = settings.platforms.get(device.platform) or first.platform
    known = shown(settings, device)
    looks: dict[Eye, Look] = {}
    for eye in eyes:
        origins = platform.others.get(eye, ()) if platform else ()
        if platform is None or not origins:
            continue
        eye_reader = READERS[eye]()
        try:
            door = settings.door(device, eye, known.get(eye, ""))
            most = Budget(seconds=settings.looking[eye].timeout.total_seconds() * 4, bytes=BYTES)
            skip = unneeded(platform, eye, first.tables)
            looks[eye] = await looked(eye_reader, door, eye, origins, now, most, None, skip)
        finally:
            await eye_reader.close()
    return looks


def shown(settings: Settings, device: Device) -> dict[Eye, str]:
    """What the device showed to the daemon at first; nothing where there is no daemon's store yet."""
    if not (settings.daemon.state / FILE_NAME).exists():
        return {}
    try:
        with doors.reading(settings) as disk:
            return {eye: pins.known(disk, device.name, eye) for eye in READERS}
    except StateDirectoryError:
        return {}
