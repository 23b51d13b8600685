"""The diagnosis of one device for one ticket: what is asked of it once, masked and cleaned, as sections of one text.

The platform file says what (`[[diagnosis]]`); the readers of the looks ask it, so that their bounds hold here, too.
It never raises for what a device does: what was not answered is a section that says so.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from collectors.cli.asked import Said
from collectors.cli.output import Refusal, lines, refusal
from collectors.cli.reader import SshReader
from collectors.looks import Door
from collectors.plan import Origin, Platform
from collectors.record.masks import Mask
from collectors.redfish.documents import Document
from collectors.redfish.reader import RedfishReader
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from collectors.text import cleaned

_FILLING: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9/:.-]{0,62}")
"""What may fill a gap of a command: it comes from the device, and must not become another command."""
_LINE: Final = 1000  # characters
_NOISE: Final = re.compile(r"^@|@odata|^(?:Links|Actions|RelatedItem|Oem@|.*@Redfish\..*)$")
_OF_ENTRY: Final = ("Created", "Severity", "MessageId", "Message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked: commands, documents of Redfish, and logs of which the newest entries are kept."""

    commands: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the bundle: what was asked, and what came."""

    title: str
    text: str


def wanted(platform: Platform, kind: str, label: str, slot: str) -> Wanted:
    """What a ticket about this part wants to be asked, each once, in the order of the platform file."""
    questions = [each for each in platform.diagnosis if not each.kinds or kind in each.kinds]
    filled = (_filled(command, label, slot) for each in questions for command in each.commands)
    return Wanted(
        commands=tuple(dict.fromkeys(command for command in filled if command)),
        resources=tuple(dict.fromkeys(path for each in questions for path in each.resources)),
        entries=tuple(dict.fromkeys(path for each in questions for path in each.entries)),
    )


def _filled(command: str, label: str, slot: str) -> str:
    """`command` with its gaps filled; "" where what would fill them is not a plain word."""
    for gap, word in (("{label}", label), ("{slot}", slot)):
        if gap in command:
            if not _FILLING.fullmatch(word):
                return ""
            command = command.replace(gap, word)
    return command


async def over_ssh(
    reader: SshReader, door: Door, commands: tuple[str, ...], budget: Budget, mask: Mask
) -> list[Section]:
    """What the commands print, without secrets."""
    found = await reader.outputs(door, commands, budget)
    told = [Section(title=command, text=_printed(command, said, mask)) for command, said in found.said.items()]
    if found.blind is not None:
        told.append(Section(title="SSH", text=f"no session: {found.blind}"))
    return told


def _printed(command: str, said: Said, mask: Mask) -> str:
    if said.ended is not None:
        return f"not answered: {said.ended}"
    text = lines(said.raw, command, logs=True)
    if (why := refusal(text)) is not None:
        return "the device does not know this command" if why is Refusal.UNKNOWN else f"refused: {why}"
    return plain(mask.output(text))


async def over_redfish(
    reader: RedfishReader, door: Door, asked: Wanted, budget: Budget, mask: Mask, newest: timedelta
) -> list[Section]:
    """The documents as JSON and the newest entries of the logs, without secrets."""
    paths = (*asked.resources, *asked.entries)
    origins = [
        Origin(table=f"d{n}", single=False, oids={}, position=n, eye=Eye.REDFISH, where=path, pages=1)
        for n, path in enumerate(paths)
    ]
    found = await reader.documents(door, origins, budget)
    if found.blind is not None:
        return [Section(title="Redfish", text=f"nothing was answered: {found.blind}")]
    told: dict[str, Section] = {}
    for path, rows in zip(paths, found.rows, strict=False):
        if path in asked.entries:
            log = [found.told[each] for each in rows.index if each in found.told]
            told |= {path: Section(title=path, text=_logged(log, mask, newest))} if log else {}
        else:
            documents = {each: found.told[each] for each in rows.index if each in found.told}
            told |= {each: Section(title=each, text=_shown(one, mask)) for each, one in documents.items()}
        if rows.ended is not None:
            told[f"{path} "] = Section(title=path, text=f"not read to its end: {rows.ended}")
    return list(told.values())


def _shown(document: Document, mask: Mask) -> str:
    return plain(json.dumps(_slim(mask.document(dict(document))), ensure_ascii=False, indent=1))


def _slim(told: Any) -> Any:
    """Without what only links and describes, and without what is null."""
    if isinstance(told, dict):
        kept = ((name, _slim(value)) for name, value in told.items() if not _NOISE.search(name))
        return {name: value for name, value in kept if value not in (None, {}, [], "")}
    return [_slim(each) for each in told] if isinstance(told, list) else told


def _logged(documents: Iterable[Document], mask: Mask, newest: timedelta) -> str:
    """The entries that are at most so much older than the newest: clocks of controllers are often hours off."""
    entries = [
        entry
        for document in documents
        for entry in _list(document.get("Members"))
        if isinstance(entry, Mapping) and "Message" in entry
    ]
    moments = [_moment(entry.get("Created")) for entry in entries]
    last = max((moment for moment in moments if moment is not None), default=None)
    kept = [
        "  ".join(cleaned(str(mask.document(entry.get(word, ""))), _LINE) for word in _OF_ENTRY)
        for entry, moment in zip(entries, moments, strict=True)
        if moment is None or last is None or last - moment <= newest
    ]
    return "\n".join(kept) or "no entry"


def _list(told: object) -> list[Any]:
    return told if isinstance(told, list) else []


def _moment(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None


def plain(text: str) -> str:
    """`text` line by line through the door for strings from outside, its blanks at the beginning of lines kept."""
    return "\n".join(_plain(line) for line in text.split("\n"))


def _plain(line: str) -> str:
    # columns are aligned by blanks: only what is not plain ASCII needs the door, which makes one of several
    whole = line.replace("\t", " ")[:_LINE].rstrip()
    return whole if whole.isascii() and whole.isprintable() else cleaned(whole, _LINE)


def bundle(head: Iterable[str], sections: Iterable[Section], most: int) -> str:
    """One text of all sections, each under its title, of at most `most` octets; what is cut says so."""
    parts = [*head, ""]
    left = most - sum(len(part.encode()) + 1 for part in parts)
    parts += list(_within(sections, left))
    return "\n".join(parts) + "\n"


def _within(sections: Iterable[Section], left: int) -> Iterator[str]:
    for section in sections:
        title = f"==== {cleaned(section.title, 300)}\n"
        room = left - len(title.encode()) - 100
        if room < 0:
            yield "==== more was told, and left out: the bundle is as large as it may be"
            return
        text = _cut(section.text, room // 2 if len(section.text.encode()) > room else room)
        left -= len(title.encode()) + len(text.encode()) + 2
        yield f"{title}{text}\n"


def _cut(text: str, most: int) -> str:
    """The first and the last of `text`, where it has more than `most` octets."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    half = max(0, most // 2 - 40)
    first, last = raw[:half].decode(errors="ignore"), raw[len(raw) - half :].decode(errors="ignore")
    return f"{first}\n[… {len(raw) - 2 * half} octets left out …]\n{last}"
