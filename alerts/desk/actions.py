"""What people can do to a ticket: one table, of which the command line makes its verbs and the web pages their buttons.

Each action writes one kind of event, with the fields that it asks for. What would be refused (refusals.py) is not
offered (`offered`), so that both doors show the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.desk.contract import Contract
from alerts.desk.effective import written_at
from alerts.desk.entries import recorded
from alerts.desk.refusals import LATE
from alerts.desk.tickets import NEEDED, NOT_NEEDED, NOT_OURS, OURS, watchers
from monitor.model import EventKind, Level, Text, Ticket, TicketKind

_STEPS = frozenset(
    {
        EventKind.RESPONDED,
        EventKind.ANSWERED,
        EventKind.TAKEN,
        EventKind.DEPARTED,
        EventKind.ARRIVED,
        EventKind.LEFT,
        EventKind.RESTORED,
    }
)
"""What whoever goes there says on the way, one tap each on a telephone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that may be, or must be, said with an action. `words` are all that it may be; () is free text."""

    name: str
    says: Text
    required: bool = False
    words: tuple[str, ...] = ()
    is_long: bool = False
    is_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that a person can do to a ticket; `name` is the verb of the command line and of the page's address."""

    name: str
    kind: EventKind
    title: Text
    says: Text
    fields: tuple[Field, ...] = ()

    @property
    def is_step(self) -> bool:
        """True for what is done by one tap: it asks for nothing."""
        return self.kind in _STEPS

    @property
    def may_be_late(self) -> bool:
        """True for what may be written down later than it was done, and for what says when something was done."""
        return self.kind in LATE or self.kind is EventKind.CORRECTED

    @property
    def takes_file(self) -> bool:
        """True for what brings a file."""
        return any(field.is_file for field in self.fields)


def _said(en: str, zh_cn: str) -> Text:
    return Text(en=en, zh_CN=zh_cn)


_OWNER = Field(name="owner", says=_said("Whose ticket it is from now on.", "工单此后由谁负责。"))
_REASON = Field(name="reason", says=_said("Why.", "原因。"), required=True)
_TEXT = Field(name="text", says=_said("What else is to be known.", "补充说明。"), is_long=True)
_SPARE = Field(
    name="spare_unit",
    says=_said("Whether a unit must stand in.", "是否需要备机。"),
    words=(NEEDED, NOT_NEEDED),
)
_ON_SITE = Field(
    name="on_site",
    says=_said("Whether somebody has to go there.", "是否需要派人到现场。"),
    words=(NEEDED, NOT_NEEDED),
)
_CASE = Field(name="case", says=_said("The vendor's number of the case.", "厂商工单号。"))
_NEXT = Field(
    name="next_due",
    says=_said(
        "When the vendor has promised the next news (2026-11-22T15:00+08:00).",
        "厂商承诺的下次进展时间（2026-11-22T15:00+08:00）。",
    ),
)
_RIGHTABLE = (
    "text", "owner", "on_site", "spare_unit", "case", "next_due", "cause", "handling", "prevention", "solved",
    "satisfaction", "serial", "caller", "phone", "mail",
)  # fmt: skip
"""What of an entry a person may have mistyped."""
_LEVELS = tuple(str(level.value) for level in Level)

ACTIONS: tuple[Action, ...] = (
    Action(
        name="respond",
        kind=EventKind.RESPONDED,
        title=_said("Respond", "响应"),
        says=_said("Someone has answered: the response clock is met.", "已有人响应，响应计时达成。"),
        fields=(_OWNER, _ON_SITE, _SPARE, _TEXT),
    ),
    Action(
        name="answer",
        kind=EventKind.ANSWERED,
        title=_said("Answer", "答复"),
        says=_said("The question or complaint is answered.", "咨询或投诉已答复。"),
        fields=(_TEXT,),
    ),
    Action(
        name="acknowledge",
        kind=EventKind.ACKNOWLEDGED,
        title=_said("Acknowledge", "确认收到"),
        says=_said("It was read: reminders stop for a while.", "已阅知，暂停提醒。"),
    ),
    Action(
        name="assign",
        kind=EventKind.ASSIGNED,
        title=_said("Assign", "指派"),
        says=_said("Someone else has it from now on.", "此后由他人负责。"),
        fields=(Field(name="owner", says=_OWNER.says, required=True), _TEXT),
    ),
    Action(
        name="hand-up",
        kind=EventKind.HANDED_UP,
        title=_said("Hand up", "升级"),
        says=_said("Hand the ticket up, to the next tier or a named one.", "提交上一级，或指定的一级。"),
        fields=(_OWNER, Field(name="tier", says=_said("A tier of contract.toml.", "contract.toml 中的一级。")), _TEXT),
    ),
    Action(
        name="dispatch",
        kind=EventKind.DISPATCHED,
        title=_said("Dispatch", "派单"),
        says=_said("Someone is sent there.", "派人前往现场。"),
        fields=(_OWNER, _ON_SITE, _SPARE, _TEXT),
    ),
    Action(
        name="accept",
        kind=EventKind.TAKEN,
        title=_said("Accept", "接单"),
        says=_said("The engineer who is sent has accepted.", "被派工程师已接单。"),
    ),
    Action(
        name="depart",
        kind=EventKind.DEPARTED,
        title=_said("Depart", "出发"),
        says=_said("The engineer has set out.", "工程师已出发。"),
    ),
    Action(
        name="arrive",
        kind=EventKind.ARRIVED,
        title=_said("Arrive", "到场"),
        says=_said("The engineer is on site.", "工程师已到现场。"),
    ),
    Action(
        name="leave",
        kind=EventKind.LEFT,
        title=_said("Leave", "离场"),
        says=_said("The engineer has left the site.", "工程师已离开现场。"),
    ),
    Action(
        name="workaround",
        kind=EventKind.WORKAROUND,
        title=_said("Workaround", "临时恢复"),
        says=_said("It works by a workaround.", "已采取临时措施恢复。"),
        fields=(Field(name="text", says=_TEXT.says, required=True, is_long=True),),
    ),
    Action(
        name="loaner",
        kind=EventKind.LOANER,
        title=_said("Loaner", "备机到位"),
        says=_said("A loaner of the same or a higher grade stands in.", "同档次或更高档次的备机已顶替运行。"),
        fields=(Field(name="serial", says=_said("Its serial number.", "备机序列号。")), _TEXT),
    ),
    Action(
        name="restore",
        kind=EventKind.RESTORED,
        title=_said("Restore", "恢复"),
        says=_said("Service works again.", "业务已恢复。"),
        fields=(_TEXT,),
    ),
    Action(
        name="report-vendor",
        kind=EventKind.REPORTED_TO_VENDOR,
        title=_said("Report to vendor", "上报厂商"),
        says=_said("The vendor has been told.", "已上报厂商。"),
        fields=(_CASE, _NEXT, _TEXT),
    ),
    Action(
        name="vendor-update",
        kind=EventKind.VENDOR_UPDATED,
        title=_said("News of the vendor", "厂商进展"),
        says=_said("The vendor has said something about the case.", "厂商对该工单有新的答复。"),
        fields=(_CASE, _NEXT, _TEXT),
    ),
    Action(
        name="vendor-close",
        kind=EventKind.VENDOR_CLOSED,
        title=_said("Vendor's case closed", "厂商工单关闭"),
        says=_said("The vendor has closed the case.", "厂商已关闭工单。"),
        fields=(_TEXT,),
    ),
    Action(
        name="handle",
        kind=EventKind.HANDLED,
        title=_said("Cause and handling", "原因及处理"),
        says=_said("What the cause was and what was done.", "记录故障原因及处理过程。"),
        fields=(
            Field(name="cause", says=_said("The cause.", "故障原因。"), required=True, is_long=True),
            Field(name="handling", says=_said("What was done.", "处理过程。"), required=True, is_long=True),
            Field(name="prevention", says=_said("How it is kept from coming back.", "预防措施。"), is_long=True),
        ),
    ),
    Action(
        name="call-back",
        kind=EventKind.CALLED_BACK,
        title=_said("Call back", "回访"),
        says=_said(
            "The customer was asked whether it is solved, and how satisfied they are.", "已回访客户：是否解决、满意度。"
        ),
        fields=(
            Field(name="solved", says=_said("Is it solved?", "是否解决？"), required=True, words=("yes", "no")),
            Field(
                name="satisfaction",
                says=_said("How satisfied, 1 to 5 (5 is best).", "满意度，1 至 5（5 为最好）。"),
                words=("1", "2", "3", "4", "5"),
            ),
            _TEXT,
        ),
    ),
    Action(
        name="pause",
        kind=EventKind.PAUSED,
        title=_said("Pause", "暂停计时"),
        says=_said("Clocks that may pause stand still.", "可暂停的计时停止。"),
        fields=(_REASON,),
    ),
    Action(
        name="resume",
        kind=EventKind.RESUMED,
        title=_said("Resume", "继续计时"),
        says=_said("Clocks run again.", "计时继续。"),
    ),
    Action(
        name="level",
        kind=EventKind.LEVEL_CHANGED,
        title=_said("Change level", "调整级别"),
        says=_said("A person judges the level otherwise.", "人工调整故障级别。"),
        fields=(
            Field(name="level", says=_said("1 is the gravest.", "1 为最严重。"), required=True, words=_LEVELS),
            _REASON,
        ),
    ),
    Action(
        name="responsibility",
        kind=EventKind.RESPONSIBILITY,
        title=_said("Responsibility", "责任判定"),
        says=_said("Say whether the cause is our responsibility.", "判定是否属于我方责任。"),
        fields=(
            Field(
                name="responsibility", says=_said("Whose it is.", "责任归属。"), required=True, words=(OURS, NOT_OURS)
            ),
            _REASON,
        ),
    ),
    Action(
        name="watch",
        kind=EventKind.WATCHED,
        title=_said("Watch", "关注"),
        says=_said("Someone wants to know what becomes of it.", "关注该工单的进展。"),
        fields=(Field(name="watcher", says=_said("Who.", "关注人。"), required=True),),
    ),
    Action(
        name="unwatch",
        kind=EventKind.UNWATCHED,
        title=_said("Stop watching", "取消关注"),
        says=_said("Someone does not want to know any more.", "不再关注该工单。"),
        fields=(Field(name="watcher", says=_said("Who.", "关注人。"), required=True),),
    ),
    Action(
        name="comment",
        kind=EventKind.COMMENT,
        title=_said("Comment", "备注"),
        says=_said("Add a remark.", "添加备注。"),
        fields=(Field(name="text", says=_said("The remark.", "备注内容。"), required=True, is_long=True),),
    ),
    Action(
        name="close",
        kind=EventKind.CLOSED,
        title=_said("Close", "关闭"),
        says=_said("A person closes the ticket.", "人工关闭工单。"),
        fields=(_TEXT,),
    ),
)

_TICKET = _said("The number of the other ticket.", "另一工单的编号。")
WIDER: tuple[Action, ...] = (
    Action(
        name="attach",
        kind=EventKind.ATTACHED,
        title=_said("Attach", "附件"),
        says=_said("Keep a file with the ticket.", "将文件附于工单。"),
        fields=(Field(name="file", says=_said("The file.", "文件。"), required=True, is_file=True),),
    ),
    Action(
        name="link",
        kind=EventKind.LINKED,
        title=_said("Link", "关联"),
        says=_said("Two tickets have to do with each other.", "两张工单相互有关。"),
        fields=(Field(name="ticket", says=_TICKET, required=True),),
    ),
    Action(
        name="split",
        kind=EventKind.SPLIT,
        title=_said("Split", "拆分"),
        says=_said("Open a ticket of its own for what is another matter.", "将另一件事单独开立工单。"),
        fields=(
            Field(name="text", says=_said("What is asked for.", "客户的要求。"), required=True, is_long=True),
            Field(name="caller", says=_said("Who asks.", "由谁提出。"), required=True),
            Field(name="phone", says=_said("Where they can be rung back.", "回电号码。")),
            Field(name="device", says=_said("The device of which they spoke.", "所涉设备。")),
            Field(
                name="kind", says=_said("What is asked for.", "类别。"), words=tuple(each.value for each in TicketKind)
            ),
            Field(
                name="level", says=_said("Of a repair: 1 is the gravest.", "报修的级别，1 为最严重。"), words=_LEVELS
            ),
        ),
    ),
    Action(
        name="merge",
        kind=EventKind.MERGED,
        title=_said("Merge", "合并"),
        says=_said("End this ticket, because another one is about the same.", "另一工单处理同一件事，本工单就此终结。"),
        fields=(Field(name="ticket", says=_TICKET, required=True),),
    ),
    Action(
        name="correct",
        kind=EventKind.CORRECTED,
        title=_said("Put right", "更正"),
        says=_said(
            "An entry is wrong: say what is true, or withdraw it. It stays as it is.",
            "更正或撤销有误的记录，原记录保留。",
        ),
        fields=(
            Field(name="seq", says=_said("The number of the entry.", "记录的编号。"), required=True),
            Field(name="reason", says=_said("Why it is wrong.", "为何有误。"), required=True),
            Field(name="void", says=_said("It never happened.", "并未发生，予以撤销。"), words=("yes",)),
            Field(name="key", says=_said("What is wrong in it.", "有误的项目。"), words=_RIGHTABLE),
            Field(name="value", says=_said("What is true instead.", "正确的内容。"), is_long=True),
        ),
    ),
)
"""More than one entry, or a file: monitor/ticketing.py has a function for each, and the commands forms of their own."""
EVERY: tuple[Action, ...] = (*ACTIONS, *WIDER)

# What an entry of each of these could say, where its fields are not its data.
_EXAMPLES: Mapping[EventKind, Mapping[str, str]] = {
    EventKind.ATTACHED: {"sha256": "x", "name": "x"},
    EventKind.SPLIT: {"ticket": "x"},
}


def offered(ticket: Ticket, contract: Contract, now: datetime) -> tuple[Action, ...]:
    """The actions that are possible now, in the order of the table."""
    return tuple(action for action in EVERY if _is_possible(action, ticket, contract, now))


def _is_possible(action: Action, ticket: Ticket, contract: Contract, now: datetime) -> bool:
    if action.kind is EventKind.UNWATCHED:
        return bool(watchers(ticket))
    if action.kind is EventKind.LEVEL_CHANGED and ticket.kind is not TicketKind.REPAIR:
        return False
    if action.kind is EventKind.CORRECTED:  # which entry, nobody knows yet
        return True
    moment = max(now, written_at(ticket.events[-1]))
    try:
        recorded(ticket, action.kind, moment, "anybody", _example(action), contract=contract)
    except ValueError:
        return False
    return True


def _example(action: Action) -> Mapping[str, str]:
    """What could be said with the action: the first word of each field that must be said."""
    if action.kind in _EXAMPLES:
        return _EXAMPLES[action.kind]
    return {field.name: field.words[0] if field.words else "x" for field in action.fields if field.required}
