"""What is installed: maker, kind of software, model with its series and generation, version, and hot patch.

Advisories name series ("S5700", "CloudEngine 6800"), devices name models ("S5735-S24T4X", "CE6865-48S8CQ-EI"); the
tables here say which belong together. A model that they do not know is unknown, never unaffected.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from alerts.notices.versions import family

MAKERS: Mapping[str, str] = MappingProxyType({"vrp": "huawei", "comware": "h3c", "idrac": "dell", "bios": "dell"})
_SWITCH = re.compile(r"(S)([0-9]{3,5})([A-Z]*)(?=[^A-Z0-9]|$)|(CE)([0-9]{4,5})([A-Z]*)|(AR)([0-9]{3,4})([A-Z]*)")
_ROUTER = re.compile(r"(NE|USG|AC|MSR|SR|CR|WX|F|ER|GR|ME)([0-9]{2,5})([A-Z]*)")
_SERVER = re.compile(r"\b(XE|XR|HS|MX|FC|VRTX|FX|NX|R|T|M|C)([0-9]{1,4})([A-Z]{0,3}[0-9]?)\b")
# Names that the rule of the second digit would get wrong: generations 14 and 15.
_ODD = MappingProxyType({"C4140": 14, "XR2": 14, "XR11": 15, "XR12": 15})
_THREE, _TENS = 3, 10
CONTROLLERS: Mapping[int, str] = MappingProxyType({11: "6", 12: "7", 13: "8", 14: "9", 15: "9", 16: "9", 17: "10"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A model or a series as far as its name tells: "S5735-S24T4X" is base S5735 with segment S24T4X."""

    base: str
    suffix: str = ""
    segments: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One unit and one kind of software on it; `name` is None where the model is not known to the tables."""

    kind: str
    maker: str
    model: str
    version: str
    patch: str
    name: Name | None
    series: str = ""
    generation: int | None = None
    controller: str = ""


def installed(platform: str, model: str, version: str, patch: str = "") -> Installed:
    """What a device tells of itself, understood."""
    kind = family(platform) or ""
    # a controller's version has four numbers, that of a BIOS three
    if platform.lower() in {"dell_idrac", "dell"} and len(version.strip().split(".")) == _THREE:
        kind = "bios"
    servers = kind in {"idrac", "bios"}
    found = names(model, servers=servers)
    name = found[0] if found else None
    generation = _generation(name) if name and servers else None
    told = re.fullmatch(r"idrac([0-9]+)", platform.lower())
    return Installed(
        kind=kind,
        maker=MAKERS.get(kind, ""),
        model=model,
        version=version,
        patch=patch,
        name=name,
        series=_series(name.base) if name and not servers else "",
        generation=generation,
        controller=CONTROLLERS.get(generation or 0, "") or (told[1] if told else ""),
    )


@lru_cache(maxsize=16384)
def names(text: str, *, servers: bool) -> tuple[Name, ...]:
    """The models and series that a text names."""
    upper = re.sub(r"CLOUD ?ENGINE[ _-]*(?:S(?=[0-9])|CE)?", "CE", text.upper().replace("_", " "))
    if re.search(r"CLOUD ?ENGINE[ _-]*S[0-9]", text.upper()):
        upper = re.sub(r"CLOUD ?ENGINE[ _-]*", "", text.upper())
    if servers:
        return tuple(Name(base=each[0]) for each in _SERVER.finditer(upper.replace("-", " ")))
    out = []
    for word in upper.replace("FIRMWARE", " ").split():
        found = _SWITCH.match(word) or _ROUTER.match(word)
        if found:
            letters, digits, suffix = (each for each in found.groups() if each is not None)
            segments = frozenset(each for each in re.split(r"[-/]", word[found.end() :]) if each)
            out.append(Name(base=letters + digits, suffix=suffix, segments=segments))
    return tuple(out)


def named(device: Installed, other: Name) -> bool | None:
    """Whether a name of an advisory is the device's: its model or its series; None where that cannot be told."""
    name = device.name
    if name is None:
        return None
    if device.kind in {"idrac", "bios"}:
        return name.base == other.base
    if other.base not in {name.base, device.series}:
        return False
    parts = {*name.segments, name.suffix} - {""}
    wanted = {*other.segments, other.suffix} - {""}
    if wanted <= parts and (wanted or not name.suffix or other.base == device.series):
        return True
    return None


def _series(base: str) -> str:
    letters = base.rstrip("0123456789")
    digits = base[len(letters) :]
    if letters == "AR" and len(digits) == _THREE:
        return f"{letters}{digits[:-1]}0"
    return f"{letters}{digits[:-2]}00" if len(digits) > _THREE else base


def _generation(name: Name) -> int | None:
    base = name.base
    for odd, generation in _ODD.items():
        if base.startswith(odd):
            return generation
    digits = re.search(r"[0-9]+", base)
    if digits is None or len(digits[0]) < _THREE:
        return None
    return _TENS + int(digits[0][1])
