"""Does a statement of an advisory speak of this device? Yes by name, yes in general, no, or nobody can tell."""

import re
from collections.abc import Iterator
from enum import Enum

from alerts.notices.installed import MAKERS, Installed, named, names
from monitor.model import Advisory, Statement


class Speaks(Enum):
    """How a statement's product stands to a device."""

    BY_NAME = "names the device"
    GENERAL = "speaks of all such devices"
    NO = "is another product"
    UNCLEAR = "cannot be told from the device"


_NOBODY = {"", "n/a", "*", "-", "unspecified", "unknown"}
_CONTROLLER = re.compile(r"\bidrac ?([0-9]+)?|(?:integrated )?dell remote access controller ?([0-9]+)?")
_GENERATIONS = re.compile(r"\b(1[0-9]) ?g\b|\b(1[0-9])th gen")
# Software beside what we ask for, and whole lines of goods that are neither switch, router nor server.
_OTHERS = re.compile(
    r"emui|harmonyos|magic ui|service module|\bism\b|openmanage|\bcpg\b|client|alienware|inspiron|latitude|optiplex"
    r"|vostro|\bxps\b|precision|powerswitch|edge gateway|ipmi|smartphone|h3cloud|\bmagic\b|supportassist|imc\b|wyse"
)
# Words that stand for many products; any other word is the name of one that is not ours.
_VAGUE = re.compile(
    r"series|products?\b|switch|router|platform|devices?\b|multiple|various|campus|quidway|software|all\b"
)
EVERY, NAMELESS = "*", "?"
"""Keys of what must be looked at for every device of a maker, and for those whose model is unknown."""
_SYSTEMS = re.compile(r"\bvrp\b|versatile routing platform|\bcomware\b")


def speaks(statement: Statement, device: Installed, text: str) -> Speaks:
    """How the statement's products stand to the device; `text` is the advisory's own words."""
    if other_maker(statement.vendor, device.maker, text):
        return Speaks.NO
    said = [_one(each, device, text) for each in statement.products] or [Speaks.UNCLEAR]
    # names stand beside general words in one statement: "comware" on these models, "BIOS" of that server
    if Speaks.BY_NAME in said:
        return Speaks.BY_NAME
    if Speaks.GENERAL in said and Speaks.NO not in said:
        return Speaks.GENERAL
    return Speaks.UNCLEAR if Speaks.UNCLEAR in said else Speaks.NO


def other_maker(vendor: str, maker: str, text: str) -> bool:
    """Whether a statement is of another maker: by its vendor, else by the makers that `text` names."""
    vendor = vendor.lower()
    if vendor in _NOBODY:
        told = {each for each in MAKERS.values() if each in text.lower()}
        return bool(told) and maker not in told
    return maker not in vendor


def keys(advisory: Advisory) -> frozenset[tuple[str, str]]:
    """Maker and name (or EVERY, NAMELESS) of the devices that an advisory can touch; of others it speaks not at all.

    More than needed is harmless, less is not: who is found by none of these keys is not applicable (`exposed`).
    """
    text = f"{advisory.title} {advisory.text}".lower()
    of = {
        maker: [each for each in advisory.statements if not other_maker(each.vendor, maker, text)]
        for maker in dict.fromkeys(MAKERS.values())
    }
    if not advisory.statements or (advisory.unparsed and any(of.values())):
        return frozenset((maker, EVERY) for maker in of if of[maker] or not advisory.statements)
    return frozenset(
        (maker, key)
        for maker, statements in of.items()
        for statement in statements
        for product in statement.products or ("",)
        for key in _keys(product, maker)
    )


def _keys(product: str, maker: str) -> Iterator[str]:
    lowered = product.lower().replace("_", " ")
    yield NAMELESS
    if lowered.strip() in _NOBODY:
        yield EVERY
    elif _OTHERS.search(lowered):
        return
    elif maker == "dell":
        found = names(product, servers=True)
        if not found or _CONTROLLER.search(lowered) or _GENERATIONS.search(lowered):
            yield EVERY
        yield from (each.base for each in found)
    elif _SYSTEMS.search(lowered):
        yield EVERY
    else:
        found = names(product, servers=False)
        if not found and _VAGUE.search(lowered):
            yield EVERY
        yield from (each.base for each in found)


def _one(product: str, device: Installed, text: str) -> Speaks:  # noqa: PLR0911 - a list of rules, the first counts
    lowered = product.lower().replace("_", " ")
    if lowered.strip() in _NOBODY:
        return Speaks.UNCLEAR
    if _OTHERS.search(lowered):
        return Speaks.NO
    if device.kind in {"idrac", "bios"}:
        return _of_server(lowered, device, text.lower())
    if _SYSTEMS.search(lowered):
        wanted = "comware" if device.kind == "comware" else "vrp"
        return Speaks.GENERAL if wanted in lowered or "versatile" in lowered else Speaks.NO
    found = names(product, servers=False)
    if not found:
        return Speaks.UNCLEAR if device.name is None or _VAGUE.search(lowered) else Speaks.NO
    answers = [named(device, each) for each in found]
    if True in answers:
        return Speaks.BY_NAME
    return Speaks.UNCLEAR if None in answers else Speaks.NO


def _of_server(product: str, device: Installed, text: str) -> Speaks:  # noqa: PLR0911 - rules, the first counts
    if found := _CONTROLLER.search(product):
        generation = found[1] or found[2]
        if device.kind != "idrac" or (generation and device.controller and generation != device.controller):
            return Speaks.NO
        if generation and not device.controller:
            return Speaks.UNCLEAR
        return Speaks.BY_NAME if generation else Speaks.GENERAL
    about_bios = "bios" in product or ("bios" in text and "idrac" not in text)
    about_controller = "idrac" in text and "bios" not in text
    if (about_bios and device.kind != "bios") or (about_controller and device.kind != "idrac"):
        return Speaks.NO
    generations = {int(one or other) for one, other in _GENERATIONS.findall(product)}
    if generations and device.generation:
        return Speaks.GENERAL if device.generation in generations else Speaks.NO
    found_names = names(product, servers=True)
    if found_names:
        answers = [named(device, each) for each in found_names]
        return Speaks.BY_NAME if True in answers else Speaks.UNCLEAR if None in answers else Speaks.NO
    if "poweredge" in product or product.strip() in {"bios", "server bios", "dell bios"}:
        return Speaks.GENERAL if about_bios or about_controller else Speaks.UNCLEAR
    other = names(product, servers=False) or (re.search(r"[0-9]", product) and not _VAGUE.search(product))
    return Speaks.NO if other and device.name else Speaks.UNCLEAR
