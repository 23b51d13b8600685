"""Why a fault is a fault, and why of its level: the text of `netvigil explain`, to be checked line by line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.desk.hops import Hop, Hops, Stop
from alerts.desk.windows import Covered
from alerts.faults import reasoning
from alerts.faults.rules import Policy
from alerts.faults.wording import number, raw_words
from alerts.runbooks import link
from monitor.model import SITE, Device, Fault, FaultKey, FaultState, Language, Observation, Text

SNMP_PORT, SSH_PORT, HTTPS_PORT = 161, 22, 443
_UPTIME = "1.3.6.1.2.1.1.3.0"  # sysUpTime: every agent has it
_AND = Text(en=", ", zh_CN="，")
_LINES = {
    "fault": Text(en="Fault", zh_CN="故障"),
    "level": Text(en="Level", zh_CN="级别"),
    "why": Text(en="Why", zh_CN="原因"),
    "rule": Text(en="Rule", zh_CN="规则"),
    "told": Text(en="Device says", zh_CN="设备报告"),
    "counted": Text(en="Counted", zh_CN="统计"),
    "silent": Text(en="No answer", zh_CN="无应答"),
    "asked": Text(en="Asked at", zh_CN="查询地址"),
    "source": Text(en="Read from", zh_CN="读取自"),
    "limits": Text(en="Own limits", zh_CN="设备门限"),
    "usual": Text(en="Usual", zh_CN="常态"),
    "part": Text(en="Part", zh_CN="部件"),
    "seen": Text(en="Seen", zh_CN="发现时间"),
    "state": Text(en="State", zh_CN="状态"),
    "hidden": Text(en="Symptom of", zh_CN="源于"),
    "flaps": Text(en="Flapping", zh_CN="波动"),
    "window": Text(en="Maintenance", zh_CN="维护"),
    "covered": Text(en="Under maintenance", zh_CN="维护中"),
    "check": Text(en="To check", zh_CN="核对方法"),
    "confirmed": Text(en="Confirmed by", zh_CN="确认条件"),
    "over": Text(en="It is over", zh_CN="恢复条件"),
    "others": Text(en="Other level", zh_CN="其他级别"),
    "proposes": Text(en="Proposed", zh_CN="责任建议"),
    "beneath": Text(en="Beneath it", zh_CN="其下症状"),
    "runbook": Text(en="What to do", zh_CN="处理步骤"),
    "hop": Text(en="In time", zh_CN="时序"),
}
_STATES = {
    FaultState.SUSPECTED: Text(
        en="suspected since {changed}, bad answers in a row: {bad}; not yet confirmed",
        zh_CN="自 {changed} 起疑似，连续 {bad} 次异常，尚未确认",
    ),
    FaultState.OPEN: Text(en="open since {opened}", zh_CN="自 {opened} 起未恢复"),
    FaultState.CLEARED: Text(en="cleared at {cleared}, after it was seen good", zh_CN="已于 {cleared} 确认恢复"),
}
_RECOVERING = Text(
    en="; good since {good_since}, good answers in a row: {good}; not yet sure",
    zh_CN="；自 {good_since} 起正常（连续 {good} 次），尚未达到恢复条件",
)
_SEEN = Text(en="first {first}, last {last}", zh_CN="首次 {first}，最近 {last}")
_HIDDEN = Text(en="{cause}: nobody is called for this one while that lasts", zh_CN="{cause}：其存在期间不单独通知")
_FLAPS = Text(
    en="penalty {penalty} at {changed}, halved in every half-life", zh_CN="{changed} 时惩罚值 {penalty}，按半衰期递减"
)
_COVERED = Text(
    en="window {name}, from {begins} to {ends}{by}: {reason}; nobody is called while it lasts",
    zh_CN="维护窗口 {name}，{begins} 至 {ends}{by}：{reason}；期间不通知任何人",
)
_WINDOW = Text(
    en="it opened under the maintenance window {name}, so nobody was called then",
    zh_CN="发生于维护窗口 {name} 期间，当时未通知任何人",
)
_PROPOSED = {
    "not_ours": Text(
        en="not our responsibility; a person confirms it with `netvigil ticket responsibility`",
        zh_CN="非我方责任；由人工用 `netvigil ticket responsibility` 确认",
    ),
    "ours": Text(
        en="our responsibility; a person confirms it with `netvigil ticket responsibility`",
        zh_CN="我方责任；由人工用 `netvigil ticket responsibility` 确认",
    ),
}
_HOPS = {
    Stop.TOLD: Text(en="a trap or log line told of it", zh_CN="Trap 或日志告知"),
    Stop.FIRST_SEEN: Text(en="first seen", zh_CN="首次发现"),
    Stop.CONFIRMED: Text(en="confirmed", zh_CN="确认"),
    Stop.TICKET: Text(en="ticket {what}", zh_CN="工单 {what}"),
    Stop.QUEUED: Text(en="letter to {what} queued", zh_CN="致 {what} 的邮件入队"),
    Stop.ACCEPTED: Text(en="letter to {what} accepted by the mail server", zh_CN="致 {what} 的邮件被邮件服务器接收"),
    Stop.UNDELIVERED: Text(en="letter to {what} could not be delivered", zh_CN="致 {what} 的邮件未能送达"),
    Stop.RESPONDED: Text(en="{what} responded", zh_CN="{what} 响应"),
    Stop.CLEARED: Text(en="cleared", zh_CN="恢复"),
}
_USUAL = Text(
    en="{value} for this port, over {days} days; so it is a fault above {limit}, until it is at {back} or below",
    zh_CN="该端口近 {days} 天为 {value}；因此高于 {limit} 即为故障，回落至 {back} 或以下方为恢复",
)
_OF_COUNTERS = frozenset({"utilisation", "packet_errors", "discards"})
_GONE = "gone"  # monitor/history.py
_NO_ROW = Text(en="nothing; its row, which was there, is missing", zh_CN="无应答内容；原有的表行已消失")
_TWICE = Text(en=", twice with a minute between: it counts", zh_CN="，间隔一分钟读取两次：为累计计数")
_USUALLY = ("-v2c -c COMMUNITY",)
_OR_ASK = Text(en="; or ", zh_CN="；或 ")
_BENEATH = 12  # symptoms by name
_OVER_SINCE = Text(en=", over since {at}", zh_CN="，已于 {at} 恢复")
_MORE = Text(en="and {count} more", zh_CN="另有 {count} 项")
IN_LETTER = 3
"""Symptoms that a letter names."""
_IN_LETTER = frozenset({"rule", "usual", "check", "confirmed", "over", "others", "beneath", "flaps", "window"})
_OTHERS = 2  # other rules
_OID = re.compile(r"[12](\.\d+){4,}")
_BY = Text(en=", by {by}", zh_CN="，由 {by} 登记")
_LIMITS = (
    ("low_critical", Text(en="critical below {limit}", zh_CN="低于 {limit} 严重")),
    ("low_warning", Text(en="warning below {limit}", zh_CN="低于 {limit} 告警")),
    ("high_warning", Text(en="warning above {limit}", zh_CN="高于 {limit} 告警")),
    ("high_critical", Text(en="critical above {limit}", zh_CN="高于 {limit} 严重")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What else an explanation can tell: the policy that judged, the device, the symptoms that the fault hides.

    `asked` are the ways in which the device is asked over SNMP, as the options of snmpget say them, without any secret;
    with none of them SNMPv2c is supposed. `more` counts the symptoms that are not among `symptoms`. `covered` is the
    maintenance window that the fault is under, `hops` are its stops in time, `runbooks` is where its page is.
    """

    policy: Policy | None = None
    device: Device | None = None
    asked: Sequence[str] = ()
    symptoms: Sequence[Fault] = ()
    more: int = 0
    covered: Covered | None = None
    hops: Hops | None = None
    runbooks: str = ""


def explained(fault: Fault, language: Language, context: Context = Context()) -> str:
    """What is known of `fault` and of the rule that gave its level, one fact a line. Moments are in UTC."""
    # No columns: a Chinese character takes two places on a terminal, and a mail has none.
    return "\n".join(f"{name}: {text}" for name, text in facts(fault, language, context)) + "\n"


def facts(fault: Fault, language: Language, context: Context) -> tuple[tuple[str, str], ...]:
    """The same as names and texts."""
    page = link(context.runbooks, language, fault.key.kind, fault.key.aspect)
    every = [*_facts(fault, context.policy, language), ("runbook", page), *_of_context(fault, context, language)]
    return tuple((_LINES[name].said(language), text) for name, text in every if text)


def in_letter(fault: Fault, language: Language, context: Context) -> tuple[tuple[str, str], ...]:
    """How `fault` was judged, as far as a letter says it nowhere else: names and texts, few enough for a telephone."""
    own = replace(context, asked=context.asked[:1], symptoms=context.symptoms[:IN_LETTER])
    own = replace(own, more=context.more + len(context.symptoms) - len(own.symptoms))
    every = [*_facts(fault, context.policy, language), *_of_context(fault, own, language)]
    shown = [(name, text) for name, text in every if text and name in _IN_LETTER]
    others = [text for name, text in shown if name == "others"][_OTHERS:]
    return tuple((_LINES[name].said(language), text) for name, text in shown if name != "others" or text not in others)


def _facts(fault: Fault, policy: Policy | None, language: Language) -> Iterator[tuple[str, str]]:
    yield "fault", _key(fault.key) + f" ({fault.condition})"
    yield "level", str(int(fault.level))
    for reason in fault.reasons:
        yield "why", reason.text.said(language)
        yield "rule", reason.rule + (reasoning.fits_if(reason.rule, fault, policy, language) if policy else "")
    is_silent = _is_silent(fault.evidence)
    yield _how(fault.evidence), _told(fault.evidence, language)
    yield "asked" if is_silent else "source", fault.evidence.source
    yield "limits", _own_limits(fault.evidence, language)
    yield "usual", _usual(fault.evidence, language)
    component = fault.component
    yield (
        "part",
        ", ".join(one for one in (component.slot, component.model, component.part_number, component.serial) if one),
    )
    seen = {"first": _moment(fault.first_seen), "last": _moment(fault.last_seen)}
    yield "seen", _SEEN.said(language).format_map(seen)
    yield "state", _state(fault, language)
    if fault.window:
        yield "window", _WINDOW.said(language).format_map({"name": fault.window})
    if fault.hidden_by is not None:
        yield "hidden", _HIDDEN.said(language).format_map({"cause": _key(fault.hidden_by)})
    if fault.flapping:
        gaps = {"penalty": f"{fault.penalty:.0f}", "changed": _moment(fault.changed_at)}
        yield "flaps", _FLAPS.said(language).format_map(gaps)


def _of_context(fault: Fault, context: Context, language: Language) -> Iterator[tuple[str, str]]:
    yield from (("proposes", _PROPOSED[one.proposes].said(language)) for one in fault.reasons if one.proposes)
    yield "check", _check(fault, context, language)
    role = context.device.role if context.device else None
    if context.policy is not None:
        yield "confirmed", reasoning.confirmed(fault, context.policy, language)
        yield "over", reasoning.over_when(fault, context.policy, language)
        yield from (("others", line) for line in reasoning.others(fault, context.policy, language, role))
    for symptom in context.symptoms[:_BENEATH]:
        over = _ended(symptom, language)
        yield (
            "beneath",
            f"{_key(symptom.key)} ({symptom.condition}{over}): {_told(symptom.evidence, language)}".removesuffix(": ")
            + (f" – {symptom.evidence.source}" if symptom.evidence.source else ""),
        )
    if rest := max(0, len(context.symptoms) - _BENEATH) + context.more:
        yield "beneath", _MORE.said(language).format(count=rest)
    if context.hops is not None:
        yield from (("hop", _hop(hop, fault, language)) for hop in context.hops.all)
    if context.covered is not None:
        yield "covered", _covered(context.covered, language)


def _ended(symptom: Fault, language: Language) -> str:
    """That a symptom is over: it is told of what was hidden, not of what stands."""
    over = symptom.cleared_at
    return _OVER_SINCE.said(language).format(at=_moment(over)) if over is not None else ""


def _hop(hop: Hop, fault: Fault, language: Language) -> str:
    """One stop with its moment, and how long that was after the fault was first seen."""
    seconds = (hop.at - fault.first_seen).total_seconds()
    after = "" if hop.stop is Stop.FIRST_SEEN else f" ({seconds:+.1f} s)"
    return f"{_HOPS[hop.stop].said(language).format_map({'what': hop.what})}: {_moment(hop.at)}{after}"


def _check(fault: Fault, context: Context, language: Language) -> str:
    """The command that shows the same to a sceptic."""
    source, device = fault.evidence.source, context.device
    if device is None or not device.address:
        return ""
    if _OID.fullmatch(source):
        return _OR_ASK.said(language).join(
            _snmp(fault.evidence, device, way, language) for way in context.asked or _USUALLY
        )
    if source.startswith("/redfish/"):
        port = "" if device.redfish_port == HTTPS_PORT else f":{device.redfish_port}"
        return f"curl -ku USER https://{device.address}{port}{source.partition('#')[0]}"
    if source.startswith(("display ", "show ", "dir ", "racadm ")):
        port = "" if device.ssh_port == SSH_PORT else f"-p {device.ssh_port} "
        return (
            f"ssh {port}USER@{device.address}: {source.partition(' | ')[0]}"  # after it, where it stands in the answer
        )
    if source.startswith("udp://"):
        ways = (f"snmpget {way} {_place(device)} {_UPTIME}" for way in context.asked or _USUALLY)
        return _OR_ASK.said(language).join((f"ping {device.address}", *ways))
    return f"netvigil visit {device.name}"


def _snmp(evidence: Observation, device: Device, way: str, language: Language) -> str:
    where, source = f"{way} {_place(device)}", evidence.source
    if evidence.raw == _GONE:  # a column, in which a row is missing
        return f"snmpwalk {where} {source}"
    if (evidence.component.kind, evidence.aspect) == ("aggregate", "redundancy"):  # of its members, not of itself
        return f"snmpwalk {where} {source.rpartition('.')[0]}"
    return f"snmpget {where} {source}" + (_TWICE.said(language) if evidence.aspect in _OF_COUNTERS else "")


def _place(device: Device) -> str:
    return device.address if device.port == SNMP_PORT else f"{device.address}:{device.port}"


def _covered(covered: Covered, language: Language) -> str:
    window, span = covered.window, covered.span
    gaps = {
        "name": window.name,
        "begins": _moment(span.begins),
        "ends": _moment(span.ends),
        "by": _BY.said(language).format_map({"by": window.by}) if window.by else "",
        "reason": window.reason,
    }
    return _COVERED.said(language).format_map(gaps)


def _state(fault: Fault, language: Language) -> str:
    gaps = {
        "changed": _moment(fault.changed_at),
        "bad": str(fault.bad),
        "good": str(fault.good),
        "good_since": _moment(fault.good_since),
        "opened": _moment(fault.opened_at or fault.changed_at),
        "cleared": _moment(fault.cleared_at),
    }
    recovering = fault.state is not FaultState.CLEARED and fault.good > 0
    text = _STATES[fault.state].said(language) + (_RECOVERING.said(language) if recovering else "")
    return text.format_map(gaps)


def _is_silent(observation: Observation) -> bool:
    """True where the device said nothing at all, and what stands in place of its word is why."""
    return (observation.component.kind, observation.aspect) == ("device", "answer")


def _how(observation: Observation) -> str:
    """As what the evidence is told: the device's word, what was counted, or that there was no answer."""
    if _is_silent(observation):
        return "silent"
    return "counted" if _is_counted(observation) else "told"


def _is_counted(observation: Observation) -> bool:
    """True for what no device says in one word: it follows from several answers."""
    kind, aspect = observation.component.kind, observation.aspect
    return kind == SITE or aspect in _OF_COUNTERS or (kind, aspect) == ("aggregate", "redundancy")


def _told(observation: Observation, language: Language) -> str:
    if observation.raw == _GONE:
        return _NO_ROW.said(language)
    measured = "" if observation.value is None else number(observation.value, observation.unit)
    if _is_counted(observation) or _is_silent(observation):  # our own words, not those of the device
        word = raw_words(observation.raw).said(language)
    else:
        word = f'"{observation.raw}"' if observation.raw else ""
    return " = ".join(one for one in (word, measured) if one)


def _own_limits(observation: Observation, language: Language) -> str:
    if observation.limits is None or observation.limits.usual is not None:
        return ""
    told = [(getattr(observation.limits, name), text) for name, text in _LIMITS]
    return _AND.said(language).join(
        text.said(language).format_map({"limit": number(limit, observation.unit)})
        for limit, text in told
        if limit is not None
    )


def _usual(observation: Observation, language: Language) -> str:
    """The limit that follows from the part's own past, and that past; "" where there is none."""
    limits = observation.limits
    if limits is None or limits.usual is None or limits.high_warning is None:
        return ""
    usual = limits.usual
    gaps = {
        "value": number(usual.value, observation.unit),
        "days": str(usual.days),
        "limit": number(limits.high_warning, observation.unit),
        "back": number(limits.high_warning - usual.hysteresis, observation.unit),
    }
    return _USUAL.said(language).format_map(gaps)


def _key(key: FaultKey) -> str:
    return " / ".join(one for one in (key.device, key.kind, key.label, key.aspect) if one)


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "?"
