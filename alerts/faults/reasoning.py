"""What the policy adds to an explanation: how sure one had to be, which rules nearly spoke, what ends it.

Asked by `explained.py`; every line can be found in policy.toml by the names in it.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from alerts.desk.times import span
from alerts.faults.rules import Group, Link, Policy, Rule, Run, Wrong
from monitor.model import Fault, FaultState, Language, Role, Text

Word = TypeVar("Word", Group, Link)

_MOST = 6  # rules that nearly spoke
_CLEAR = Text(en="after {run}", zh_CN="{run}后")
_BAD_ONE, _GOOD_ONE = Text(en="one bad answer", zh_CN="一次异常应答"), Text(en="one good answer", zh_CN="一次正常应答")
_BAD_MANY = Text(en="{answers} bad answers in a row", zh_CN="连续 {answers} 次异常应答")
_GOOD_MANY = Text(en="{answers} good answers in a row", zh_CN="连续 {answers} 次正常应答")
_OVER = Text(en=" over {time}", zh_CN="且持续 {time}")
_OTHER = Text(en="level {level} ({rule}) if {asks}", zh_CN="若{asks}，则为 {level} 级（{rule}）")
_NONE = Text(en="no fault ({rule}) if {asks}", zh_CN="若{asks}，则不算故障（{rule}）")
_ELSE = Text(en="no rule before it fitted", zh_CN="在它之前的规则均不适用")
_UNLESS = Text(en="{rules} did not fit", zh_CN=" {rules} 不适用")
_FITS = Text(en=" (fits if {asks})", zh_CN="（适用条件：{asks}）")
_ALWAYS = Text(en=" (fits if no rule before it does)", zh_CN="（在它之前的规则均不适用时适用）")
_AND = Text(en=", and ", zh_CN="，且")
_OR = Text(en=" or ", zh_CN="或")
_ROLES = Text(en="it were {roles}", zh_CN="设备为{roles}")
_BELOW = Text(en="{roles} were reached through it alone", zh_CN="仅经其到达的有{roles}")
_GROUPS = {
    Group.SOME_LEFT: Text(en="others of its group still worked", zh_CN="同组尚有其他部件正常"),
    Group.NONE_LEFT: Text(en="none of its group were left", zh_CN="同组已无可用部件"),
    Group.SINGLE: Text(en="it were the only one of its group", zh_CN="同组仅此一个"),
    Group.SLOT_LOST: Text(en="those of other slots still worked", zh_CN="其他槽位的同类部件正常"),
    Group.UNCLEAR: Text(en="nobody knew whether the others work", zh_CN="同组其余状况不明"),
}
_LINKS = {
    Link.UP: Text(en="its link were up", zh_CN="其链路为连通"),
    Link.DOWN: Text(en="its link were down", zh_CN="其链路为断开"),
    Link.SHUT: Text(en="an operator had shut its interface", zh_CN="其接口被人工关闭"),
    Link.UNKNOWN: Text(en="it had no interface of its name", zh_CN="无同名接口"),
}
_ALL_BUT_SHUT = frozenset(Link) - {Link.SHUT}
_NOT_SHUT = Text(en="no operator had shut its interface", zh_CN="其接口未被人工关闭")
_DECLARED = {
    True: Text(en="the inventory expected it up (expect_up)", zh_CN="清单要求其必须在线（expect_up）"),
    False: Text(en="the inventory did not expect it up (expect_up)", zh_CN="清单未要求其在线（expect_up）"),
}
_SERVES = {
    True: Text(en="it were in service", zh_CN="其正在使用"),
    False: Text(en="it waited in reserve", zh_CN="其为备用"),
}
_WAS_OK = {
    True: Text(en="it had once been seen well", zh_CN="曾见其正常"),
    False: Text(en="it had never been seen well", zh_CN="从未见其正常"),
}


def confirmed(fault: Fault, policy: Policy, language: Language) -> str:
    """How sure one must be of such a fault."""
    watch = policy.watch(fault.key.kind, fault.key.aspect)
    return _run(watch.confirms(fault.condition), _BAD_ONE, _BAD_MANY, language)


def over_when(fault: Fault, policy: Policy, language: Language) -> str:
    """What must be seen until it is over; "" where it is."""
    if fault.state is FaultState.CLEARED:
        return ""
    watch = policy.watch(fault.key.kind, fault.key.aspect)
    return _CLEAR.said(language).format(run=_run(watch.clear, _GOOD_ONE, _GOOD_MANY, language))


def fits_if(name: str, fault: Fault, policy: Policy, language: Language) -> str:
    """What the rule that gave the level asks, to be checked; "" for one that no longer is, or a person's word."""
    rule = next((one for one in _candidates(fault, policy) if one.name == name), None)
    if rule is None:
        return ""
    asks = _asked(rule, policy, language, None)
    return _FITS.said(language).format(asks=asks) if asks else _ALWAYS.said(language)


def _candidates(fault: Fault, policy: Policy) -> tuple[Rule, ...]:
    wrong = Wrong.FLAPPING if fault.flapping else Wrong(fault.condition)
    return tuple(policy.candidates(fault.key.kind, fault.key.aspect, wrong))


def others(fault: Fault, policy: Policy, language: Language, role: Role | None = None) -> Iterator[str]:
    """The rules for the same kind, aspect and condition that gave another level, and what they ask.

    What they ask of the role is left out where it is so, the device being of `role`.
    """
    spoke = {reason.rule for reason in fault.reasons}
    rules = _candidates(fault, policy)
    places = [place for place, rule in enumerate(rules) if rule.name in spoke]
    told = [(at, rule) for at, rule in enumerate(rules) if rule.name not in spoke and rule.level is not fault.level]
    for at, rule in told[:_MOST]:
        template = _NONE if rule.level is None else _OTHER
        level = "" if rule.level is None else str(int(rule.level))
        asks = _asked(rule, policy, language, role)
        if places and at > places[0]:  # it asks for less, and was not asked: the one before it fitted
            unless = _UNLESS.said(language).format(rules=rules[places[0]].name)
            asks = _AND.said(language).join(filter(None, (unless, asks)))
        yield template.said(language).format(level=level, rule=rule.name, asks=asks or _ELSE.said(language))


def _run(run: Run, one: Text, many: Text, language: Language) -> str:
    told = one if run.answers == 1 else many
    over = _OVER.said(language).format(time=span(run.time, language)) if run.time else ""
    return told.said(language).format(answers=run.answers) + over


def _asked(rule: Rule, policy: Policy, language: Language, role: Role | None) -> str:
    asks: list[str] = []
    if rule.roles is not None and role not in rule.roles:
        asks.append(_ROLES.said(language).format(roles=_roles(rule.roles, policy, language)))
    if rule.below is not None:
        asks.append(_BELOW.said(language).format(roles=_roles(rule.below, policy, language)))
    links = _NOT_SHUT.said(language) if rule.links == _ALL_BUT_SHUT else _either(_LINKS, rule.links, language)
    asks += (_either(_GROUPS, rule.groups, language), links)
    if rule.serves is not None:
        asks.append(_SERVES[rule.serves].said(language))
    if rule.declared is not None:
        asks.append(_DECLARED[rule.declared].said(language))
    if rule.was_ok is not None:
        asks.append(_WAS_OK[rule.was_ok].said(language))
    return _AND.said(language).join(filter(None, asks))


def _either(words: Mapping[Word, Text], asked: frozenset[Word] | None, language: Language) -> str:
    """One of those `asked`; "" where none is."""
    return _OR.said(language).join(text.said(language) for word, text in words.items() if asked and word in asked)


def _roles(roles: frozenset[object], policy: Policy, language: Language) -> str:
    told = [text.said(language) for role, text in policy.roles.items() if role in roles]
    return _OR.said(language).join(told)
