"""Troubles of simulated devices by name: what their maker's boxes tell when a part fails, roll-ups and all.

`break = "psu_failed 1/2"`: the name, then the slot or member and the number of the part, or the number alone.
"""

from collectors.simulate.boxes import Box
from collectors.simulate.played import TREE_TROUBLES
from collectors.simulate.values import Told
from monitor.problem import near_word


def trouble(box: Box | None, words: str) -> dict[str, Told]:
    """What `box` tells from now on. Raises ValueError with the nearest word where it has no such trouble."""
    name, _, place = words.partition(" ")
    if box is None or name not in box.troubles:
        every = box.troubles if box else TREE_TROUBLES
        hint = near_word(name, every) or f"it has {', '.join(every)}, or write the kind and the label of a part"
        raise ValueError(f'it has no trouble "{name}"; {hint}')
    numbers = place.replace(" ", "").split("/") if place.strip() else []
    if not all(number.isdecimal() for number in numbers) or len(numbers) > 2:  # noqa: PLR2004 - slot and number
        raise ValueError(f'"{place}" is not a number, or a slot and a number such as "1/2"')
    slot, number = [box.first_slot, *map(int, numbers or ["1"])][-2:]
    return box.troubles[name](slot, number)
