"""Chat groups and short messages as ways out beside mail: what one is, and how a letter is cut to fit.

A letter to a channel has the channel's name as its address ("duty-group"), or name and telephone number ("sms/138…");
addresses of mail have an "@", so that nobody takes one for the other. What is said there is short plain text whose last
line is the link (`letters`); here it is made to fit, with the link whole. The talk itself is in `chat`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from monitor.model import Language

MAIL = "mail"
"""The name of the way that is no channel."""


class ChannelKind(StrEnum):
    """What answers at the other end: robots of chat groups, or a gateway for short messages."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    SMS = "sms"


# WeCom takes 2,048 octets of a text (developer.work.weixin.qq.com, group robots), DingTalk and Feishu 20,000; longer
# than a screen of a telephone nobody reads. A short message in Chinese has 70 characters, in parts 67 each: three.
LONGEST: Mapping[ChannelKind, int] = MappingProxyType(
    {ChannelKind.WECOM: 2000, ChannelKind.DINGTALK: 4000, ChannelKind.FEISHU: 4000, ChannelKind.SMS: 201}
)
"""How long a text may be: octets of UTF-8 in chat, characters in a short message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel. `url` is the secret as apprise writes it, `server` stands in for the maker's own address.

    `body` is what a gateway for short messages is sent, and `accepted` what its answer must hold to be a yes.
    """

    name: str
    kind: ChannelKind
    url: str = field(default="", repr=False)
    server: str = ""
    language: Language = Language.ZH_CN
    body: Mapping[str, str] = field(default_factory=dict)
    accepted: str = ""
    length: int = 0
    timeout: timedelta = timedelta(seconds=30)
    retry_first: timedelta = timedelta(seconds=15)
    retry_most: timedelta = timedelta(minutes=5)
    give_up: timedelta = timedelta(days=1)

    @property
    def is_personal(self) -> bool:
        """True where each letter goes to one telephone, not to a group."""
        return self.kind is ChannelKind.SMS

    def address(self, phone: str) -> str:
        """The address of a letter to somebody with this number; "" where the number is needed and missing."""
        if not self.is_personal:
            return self.name
        return f"{self.name}/{phone}" if phone else ""


def way(address: str) -> str:
    """By which way letters to this address leave: mail, or the name of a channel."""
    return MAIL if "@" in address else address.partition("/")[0]


def is_group(address: str) -> bool:
    """True where a letter to this address is read by many, so that nobody may act as its reader."""
    return way(address) != MAIL and "/" not in address


def fitted(text: str, channel: Channel) -> str:
    """`text` no longer than the channel takes: lines before the last are cut, which is the link and stays whole."""
    most = channel.length or LONGEST[channel.kind]
    whole = text.strip()
    if _length(whole, channel.kind) <= most:
        return whole
    head, _, last = whole.rpartition("\n")
    if not head or _length(last, channel.kind) + 2 > most:
        return _cut(whole, most, channel.kind)
    return f"{_cut(head, most - _length(last, channel.kind) - 1, channel.kind)}\n{last}"


def _length(text: str, kind: ChannelKind) -> int:
    return len(text) if kind is ChannelKind.SMS else len(text.encode("utf-8", "replace"))


def _cut(text: str, most: int, kind: ChannelKind) -> str:
    """The longest beginning of `text` that fits, with a sign that there was more."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _length(text[:middle] + "…", kind) <= most else (low, middle - 1)
    return text[:low].rstrip() + "…"
