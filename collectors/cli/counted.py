"""Alarms and log lines come and go; what is told of them is one row: how many, and the gravest.

A row that vanishes would leave its fault open for ever (docs/limits.md), so these make a table of one row that stays.
"""

import re
from collections.abc import Mapping, Sequence

Row = Mapping[str, str]

# ITU-T X.733 as both makers write it, and the numbers of VRP 8 ("1:Critical  2:Major  3:Minor  4:Warning")
_SEVERITIES = {"1": "critical", "2": "major", "3": "minor", "4": "warning", "error": "major", "emergency": "critical"}
# A port or a neighbour that went down is told by itself, and policy.toml asks whether anybody needs it
_OF_LINKS = re.compile(
    r"\b(?:interface|port|link)\b.*\b(?:down|status|changed?)\b|link ?(?:down|loss)|ospf|is-?is\b|bgp", re.IGNORECASE
)
_ORDER = ("critical", "major", "minor", "warning")
WORDS = frozenset({"WORST", "COUNT", "SEVERE", "DESCRIPTION"})
"""What the one row says."""
_CRITICAL = 2
"""Severity of syslog (RFC 5424): emergency, alert, critical."""


def alarms(rows: Sequence[Row]) -> list[Row]:
    """The active alarms, counted: WORST is the gravest severity of those that are not of links, or "none"."""
    told = [(_severity(row["SEVERITY"]), row["DESCRIPTION"]) for row in rows]
    said = [one for one in told if not _OF_LINKS.search(one[1])]
    worst, text = min(said, key=lambda one: _rank(one[0]), default=("none", ""))
    return [{"WORST": worst, "COUNT": str(len(rows)), "DESCRIPTION": re.sub(r"\s+", " ", text)}]


def log_lines(rows: Sequence[Row]) -> list[Row]:
    """The log buffer, counted: COUNT lines in all, SEVERE of severity 0 to 2, and the newest of these."""
    severe = [row for row in rows if row.get("SEVERITY", "").isdigit() and int(row["SEVERITY"]) <= _CRITICAL]
    return [
        {
            "COUNT": str(len(rows)),
            "SEVERE": str(len(severe)),
            "WORST": "critical" if severe else "none",
            "DESCRIPTION": _newest(severe),
        }
    ]


def _newest(rows: Sequence[Row]) -> str:
    """Both makers print the oldest line last or first, as they were told to: the times are as they are."""
    return f"{rows[0]['MODULE']}/{rows[0]['SEVERITY']}/{rows[0]['MNEMONIC']}: {rows[0]['TEXT']}" if rows else ""


def _severity(said: str) -> str:
    word = said.strip().lower()
    return _SEVERITIES.get(word, word)


def _rank(severity: str) -> int:
    """An unknown word counts as graver than a warning: better looked at than overlooked."""
    return _ORDER.index(severity) if severity in _ORDER else 2
