"""The words of a reason: policy templates filled with what was counted, measured and told, in both languages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter

from alerts.faults.limits import Crossed, crossed
from monitor.model import Observation, Text

PLACEHOLDERS = frozenset({
    "device", "role", "kind", "kinds", "label", "slot", "aspect", "condition",
    "failed", "total", "left", "rest", "value", "limit", "raw", "evidence", "changes", "below", "below_names",
})  # fmt: skip
NUMBERS = frozenset({"value", "limit", "raw", "evidence", "changes"})
"""The placeholders that may say something else at each visit."""

_SIGNS = {"celsius": "°C", "volts": "V", "amperes": "A", "watts": "W", "dbm": "dBm", "rpm": "rpm", "seconds": "s",
          "bytes": "bytes"}  # fmt: skip
_NAMED = 8  # in one sentence
_OWN = Text(en="the device's own limit", zh_CN="设备自身门限")
_OURS = Text(en="the limit set here", zh_CN="本系统设定门限")
_ABOVE = Text(en="{value} is above {whose} of {limit}", zh_CN="{value} 高于{whose} {limit}")
_BELOW = Text(en="{value} is below {whose} of {limit}", zh_CN="{value} 低于{whose} {limit}")
_HELD = Text(
    en="{value} has not come back far enough from {whose} of {limit}", zh_CN="{value} 尚未从{whose} {limit} 充分回落"
)
_ABOVE_USUAL = Text(
    en="{value} is above the limit of {limit} (usual for this port: {usual}, over {days} days)",
    zh_CN="{value} 高于门限 {limit}（该端口近 {days} 天的常态为 {usual}）",
)
_HELD_USUAL = Text(
    en="{value} has not come back far enough from the limit of {limit} (usual for this port: {usual},"
    " over {days} days)",
    zh_CN="{value} 尚未从门限 {limit} 充分回落（该端口近 {days} 天的常态为 {usual}）",
)
_TOLD = Text(en='the device says "{raw}"', zh_CN="设备报告“{raw}”")
_SAYS = Text(en='the device says "{raw}" at {value}', zh_CN="设备报告“{raw}”，读数 {value}")
_READS = Text(en="it reads {value}", zh_CN="读数 {value}")
_NOTHING = Text(en="the device says no more", zh_CN="设备未作更多说明")
_NOT_TOLD = Text(en="not told", zh_CN="未提供")


def fields(template: str) -> frozenset[str]:
    """The placeholders in `template`.

    Raises ValueError that names what is not one, for a template is a text with gaps and not a programme.
    """
    found = set()
    for _, name, spec, conversion in Formatter().parse(template):
        if name is None:
            continue
        if name not in PLACEHOLDERS or spec or conversion:
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ValueError(f'"{{{written}}}" is no placeholder; there are {_listed(PLACEHOLDERS)}')
        found.add(name)
    return frozenset(found)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))


def filled(template: Text, values: Mapping[str, Text]) -> Text:
    """`template` with `values` in its gaps, each language with its own words."""
    return Text(
        en=template.en.format_map({name: text.en for name, text in values.items()}),
        zh_CN=template.zh_CN.format_map({name: text.zh_CN for name, text in values.items()}),
    )


def without_doubling(template: Text, kind: Text, label: str) -> Text:
    """`template` that says "{label}" for "{kind} {label}" where the label begins with the name of the kind."""

    def one(text: str, name: str) -> str:
        is_doubled = label.casefold().startswith(name.casefold())
        return text.replace("{kind} {label}", "{label}") if is_doubled else text

    return Text(en=one(template.en, kind.en), zh_CN=one(template.zh_CN, kind.zh_CN))


def plain(value: object) -> Text:
    """`value` as it is, in every language."""
    return Text(en=str(value), zh_CN=str(value))


def some(names: Sequence[str]) -> str:
    """`names` in one clause, the first of many."""
    return ", ".join(names[:_NAMED]) + (f" … (+{len(names) - _NAMED})" if len(names) > _NAMED else "")


def number(value: float, unit: str) -> str:
    """A measured number as people write it: "36 °C", "93 %"."""
    if unit == "ratio":
        value, sign = value * 100, "%"
    else:
        sign = _SIGNS.get(unit, unit)
    told = round(value, 2) if abs(value) >= 1 or not value else float(f"{value:.2g}")  # few errors are not 0 %
    return f"{told:.12g} {sign}".rstrip()


_OF_MEMBERS = re.compile(r"(\d+) of (\d+) members down(?:: (.*))?")
_OF_PACKETS = re.compile(r"(\d+) of (\d+) packets")
_OWN_WORDS = {"timeout": "超时", "refused": "被拒绝", "unreachable": "不可达"}


def raw_words(raw: str) -> Text:
    """What collectors say in words of their own, of what no device says in one: the same in Chinese."""
    if members := _OF_MEMBERS.fullmatch(raw):
        down, total, names = members.groups()
        return Text(en=raw, zh_CN=f"{total} 个成员中 {down} 个断开" + (f"：{names}" if names else ""))
    if packets := _OF_PACKETS.fullmatch(raw):
        return Text(en=raw, zh_CN=f"{packets[2]} 个报文中 {packets[1]} 个")
    return Text(en=raw, zh_CN=_OWN_WORDS.get(raw, raw))


def evidence(observation: Observation, spoke: Crossed | None) -> Text:
    """What the device told, in one clause: the limit that was crossed, or its own word."""
    measured = "" if observation.value is None else number(observation.value, observation.unit)
    values = {"value": plain(measured), "raw": plain(observation.raw)}
    if spoke is not None and spoke.usual is not None and measured:
        usual = {
            "limit": plain(number(spoke.limit, observation.unit)),
            "usual": plain(number(spoke.usual.value, observation.unit)),
            "days": plain(spoke.usual.days),
        }
        return filled(_HELD_USUAL if spoke.held else _ABOVE_USUAL, values | usual)
    if spoke is not None and measured:
        gaps = values | {"whose": _OWN if spoke.own else _OURS, "limit": plain(number(spoke.limit, observation.unit))}
        return filled(_HELD if spoke.held else _ABOVE if spoke.above else _BELOW, gaps)
    word = observation.raw if not _is_number(observation.raw) or not measured else ""
    if word:
        return filled(_SAYS if measured else _TOLD, values)
    return filled(_READS, values) if measured else _NOTHING


def told(observation: Observation, spoke: Crossed | None) -> dict[str, Text]:
    """The values for the placeholders that speak of what was measured or told."""
    spoke = spoke or crossed(observation)
    unit = observation.unit
    return {
        "value": _NOT_TOLD if observation.value is None else plain(number(observation.value, unit)),
        "limit": plain(number(spoke.limit, unit)) if spoke else _NOT_TOLD,
        "raw": raw_words(observation.raw) if observation.raw else _NOT_TOLD,
        "evidence": evidence(observation, spoke),
    }


def _is_number(raw: str) -> bool:
    try:
        float(raw)
    except ValueError:
        return False
    return True
