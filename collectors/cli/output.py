"""What a device printed, as plain lines: the first step from a command's output to rows, before parse.py.

Everything here was met on real boxes: remnants of paging, ANSI escapes, carriage returns, log lines between the lines
of an answer, a timestamp before it, GB18030 text, and refusals that look like ordinary output.
"""

import re
from enum import StrEnum

from collectors.text import decoded

# "  ---- More ----" and how it is wiped out again: VRP goes 42 columns left, writes blanks and goes left once more,
# Comware writes carriage returns, blanks or backspaces
_WIPE = r"(?:\x1b\[\d*D|\r(?!\n)|\x08)"
MORE = r"-{2,} ?More ?(?:\([^)\n]{0,40}\) ?)?-{2,}"
_PAGING = re.compile(rf"[ \t]*{MORE}(?:{_WIPE}+[ \t]*{_WIPE}*)?")
# CSI, OSC and the two-character sequences of ECMA-48. VRP also writes a blank and goes back over it (netmiko knows too)
_ESCAPES = re.compile(r"(?: \x1b\[1D)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
_ERASED = re.compile(r"[^\x08\n]\x08")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# VRP writes "Nov 22 2026 18:00:00-08:00 SW1 %%01IFNET/4/IF_STATE(l)[1]:" and "#Nov 22 2026 18:00:00 SW1 X/3/Y:",
# the second for traps; Comware "%Nov 22 18:00:00:123 2026 SW1 IFNET/3/PHY_UPDOWN: "
_LOG = re.compile(
    r"^\s*[#%*]?(?:[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}\S*|\d{4}-\d\d-\d\d \d{2}:\d{2}:\d{2}\S*)"
    r"(?: \d{4})? \S+ (?:%%\d\d)?[A-Za-z0-9_]+/\d/[A-Za-z0-9_]+"
)
_TIME = re.compile(r"^\s*\d{4}[-/]\d\d[-/]\d\d \d{2}:\d{2}:\d{2}(?:\.\d+)?(?: ?[+-]\d{2}:?\d{2})?(?: [A-Z]{2,5})?\s*$")
# a prompt may carry a prefix: "HRP_M<fw>", "RBM_P<fw>", "[~CE]", "[*CE]"
PROMPT = r"(?:[A-Z]{2,4}_[A-Z])?(?:<[^<>\s][^<>\n]{0,80}>|\[[~*]?[^\[\]\s][^\[\]\n]{0,80}\])"
_PROMPT = re.compile(rf"^{PROMPT}\s*$")


class Refusal(StrEnum):
    """Why a command was not carried out."""

    UNKNOWN = "unknown"
    """There is no such command on this device."""
    NOT_ALLOWED = "not_allowed"
    BUSY = "busy"


_REFUSALS = {
    Refusal.NOT_ALLOWED: re.compile(
        r"permission denied|no permission|not authori[sz]ed|authori[sz]ation failed|"
        r"fail\w* (?:to pass the )?authori[sz]|privilege (?:level )?is (?:not enough|too low)|"
        r"(?:not|n't) have (?:the |enough )?(?:right|permission|privilege)",
        re.IGNORECASE,
    ),
    Refusal.UNKNOWN: re.compile(
        r"(?:unrecogni[sz]ed|unknown|incomplete|ambiguous) command|(?:wrong|incorrect|too many) parameter|"
        r"invalid (?:input|command)|not support(?:ed)? (?:on |by )?(?:the |this )?(?:command|device|operation)|"
        r"命令不可识别|无法识别的命令",
        re.IGNORECASE,
    ),
    Refusal.BUSY: re.compile(
        r"system is busy|try again later|is (?:being )?start(?:ing|ed) up|please wait", re.IGNORECASE
    ),
}
_WORDS_OF_REFUSAL = 6
"""A refusal is short: the caret, and what is wrong. Longer output is an answer, whatever words stand in it."""


def lines(raw: bytes | str, command: str = "", *, logs: bool = False) -> str:
    """`raw` as text of plain lines: without echo, prompt, paging, escapes, and (unless `logs`) lines of the log.

    The result holds no control characters but line ends.
    """
    text = "\n".join(decoded(line) for line in raw.split(b"\n")) if isinstance(raw, bytes) else raw
    text = _PAGING.sub("", text.replace("\r\r\n", "\n").replace("\r\n", "\n"))
    text = _ESCAPES.sub("", text)
    while (fewer := _ERASED.sub("", text)) != text:
        text = fewer
    plain = [_CONTROL.sub("", line.rpartition("\r")[2] or line).rstrip() for line in text.split("\n")]
    if not logs:
        plain = [line for line in plain if not _LOG.match(line) and not _TIME.match(line)]
    echo = next((n for n, line in enumerate(plain) if command and _is_echo(line, command)), -1)
    plain = plain[echo + 1 :]
    while plain and (not plain[-1] or _PROMPT.match(plain[-1])):
        plain.pop()
    while plain and not plain[0]:
        plain.pop(0)
    return "\n".join(plain)


def _is_echo(line: str, command: str) -> bool:
    """The command itself, alone or behind a prompt."""
    before, found, after = line.partition(command)
    return bool(found) and not after.strip() and (not before.strip() or bool(_PROMPT.match(before.strip())))


def refusal(text: str) -> Refusal | None:
    """Why the command was refused, None where `text` is an answer."""
    said = [line for line in text.split("\n") if line.strip(" ^")]
    if len(said) > _WORDS_OF_REFUSAL:
        return None
    whole = "\n".join(said)
    return next((why for why, words in _REFUSALS.items() if words.search(whole)), None)
