"""What happened to a device, in words: one sentence for an event of its history.

Used by the command line and by the monthly report; an event is stored as data, so that it can be said in any language.
"""

from datetime import datetime

from alerts.locale import Words, wall
from monitor.model import Component, DeviceEvent, Happened

_TOLD = ("model", "part_number", "serial", "hardware_version", "software_version", "patch")


def happened(event: DeviceEvent, said: Words, zone: str) -> str:
    """What `event` says, with moments on the wall clock of `zone`."""
    data = event.data
    values = {
        "part": said.part(Component(kind=event.kind, label=event.label)) if event.kind else "",
        "which": _which(event, said),
        "changes": _changes(event, said),
        "from": data.get("from", ""),
        "why": data.get("why") or said.said("history", "no_reason"),
        "by": data.get("by", ""),
        "at": wall(datetime.fromisoformat(data["booted_at"]), zone, seconds=True) if "booted_at" in data else "",
        "text": data.get("text", ""),
        "eye": {"ssh": "SSH", "redfish": "Redfish"}.get(data.get("eye", ""), data.get("eye", "")),
        "known": data.get("known", ""),
        "shown": data.get("shown") or said.said("history", "none"),
    }
    return said.said("history", _key(event), **values)


def _key(event: DeviceEvent) -> str:
    if event.what is Happened.PART_ADDED and event.data.get("returned"):
        return "part_returned"
    if event.what is Happened.VERSION_CHANGED and event.kind:
        return "part_version_changed"
    return event.what.value


def _which(event: DeviceEvent, said: Words) -> str:
    """What is known of the part: model, part number, serial number."""
    told = [f"{said.said('history', name)} {event.data[name]}" for name in _TOLD if event.data.get(name)]
    return said.said("history", "which", told=said.said("history", "comma").join(told)) if told else ""


def _changes(event: DeviceEvent, said: Words) -> str:
    """What is another word now, and which it was."""
    none = said.said("history", "none")
    pairs = ((name, event.data.get(f"{name}_from"), event.data.get(f"{name}_to")) for name in _TOLD)
    changed = [f"{said.said('history', name)} {old or none} → {new or none}" for name, old, new in pairs if old or new]
    return said.said("history", "comma").join(changed)
