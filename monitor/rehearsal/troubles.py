"""Troubles of simulated devices by name: what their maker's boxes tell when a part fails, roll-ups and all.

`break = "psu_failed 1/2"`: the name, then the slot or member and the number of the part, or the number alone.
"""

from collections.abc import Callable, Mapping

from collectors.simulate.comware import ComwareSwitch
from collectors.simulate.idrac import DellServer
from collectors.simulate.poweredge import TROUBLES
from collectors.simulate.values import Told
from collectors.simulate.vrp import VrpSwitch
from monitor.problem import near_word
from monitor.rehearsal.actor import Box

Made = Callable[[int, int], dict[str, Told]]
_FLAP = 6.0  # seconds that a flapping port is down, and up


def troubles(box: Box | None) -> Mapping[str, Made]:
    """What may happen to `box`, each as a function of slot and number; to none what Redfish knows."""
    match box:
        case VrpSwitch():
            return {
                "psu_failed": box.broken_supply,
                "fan_failed": box.broken_fan,
                "optic_dark": box.dark_optic,
                "cpu_hot": lambda slot, _: box.hot_cpu(slot),
                "board_hot": lambda slot, _: box.hot_board(slot),
                "stack_port_down": box.down_stack_port,
                "port_flapping": lambda slot, number: box.flapping_port(slot, number, _FLAP),
            }
        case ComwareSwitch():
            return {
                "psu_failed": box.broken_supply,
                "fan_failed": box.broken_fan,
                "optic_dark": box.dark_optic,
                "cpu_hot": lambda member, _: box.hot_cpu(member),
                "board_hot": lambda member, _: box.hot_board(member),
                "stack_port_down": box.down_irf_port,
                "port_flapping": lambda member, number: box.flapping_port(member, number, _FLAP),
            }
        case DellServer():
            return {
                "psu_failed": lambda _, number: box.broken_supply(number),
                "fan_failed": lambda _, number: box.broken_fan(number),
                "disk_failed": lambda _, number: box.broken_disk(number),
                "inlet_hot": lambda _slot, _number: box.hot_inlet(),
            }
    return {}


def trouble(box: Box | None, words: str) -> dict[str, Told]:
    """What `box` tells from now on. Raises ValueError with the nearest word where it has no such trouble."""
    name, _, place = words.partition(" ")
    known = troubles(box)
    if name not in known:
        every = [*known, *(() if known else TROUBLES)]
        hint = near_word(name, every) or f"it has {', '.join(every)}, or write the kind and the label of a part"
        raise ValueError(f'it has no trouble "{name}"; {hint}')
    numbers = place.replace(" ", "").split("/") if place.strip() else []
    if not all(number.isdecimal() for number in numbers) or len(numbers) > 2:  # noqa: PLR2004 - slot and number
        raise ValueError(f'"{place}" is not a number, or a slot and a number such as "1/2"')
    first = 0 if isinstance(box, VrpSwitch) and len(box.serials) == 1 else 1
    slot, number = [first, *map(int, numbers or ["1"])][-2:]
    return known[name](slot, number)
