"""Many letters to one recipient as one: what went wrong, gravest first, by site. Comes after `letters`, before mail.

Asked by the storm guard (monitor/storm.py). The letters that a digest stands for stay in the record, each whole; here
only their subjects are shown, and of thousands of tickets as many as a person reads, with counts of the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from alerts.locale import Words, wall, words
from alerts.post.channels import MAIL, way
from alerts.post.contents import COLOURS, GREEN
from alerts.templates import harmless, rendered
from monitor.model import EventKind, Language, Letter, Level, Site

CALLS = frozenset({EventKind.OPENED, EventKind.LEVEL_CHANGED, EventKind.RELAPSED})
"""After these somebody has to act who did not know of it before."""
_WELL = frozenset({EventKind.RECOVERED, EventKind.RESTORED, EventKind.CLOSED})
_SITES = 20  # sites of which no ticket is shown and that are named all the same
_LIGHTEST = 5
_FEW, _SHOWN = 10, 120  # tickets that a chat group or a telephone is shown, and characters of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A letter that waits to be sent, without what it says."""

    message_id: str
    ticket: str
    event: int
    level: Level | None
    site: str
    what: EventKind | None
    created_at: datetime

    @property
    def is_grave(self) -> bool:
        """True where it calls somebody to a fault of level 1."""
        return self.level is Level.CRITICAL and self.what in CALLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What goes into a digest: the newest letter of each ticket, the gravest first, and which of them are shown."""

    letters: tuple[Waiting, ...]
    newest: tuple[Waiting, ...]
    shown: tuple[Waiting, ...]

    @property
    def is_grave(self) -> bool:
        """True where somebody is called to a fault of level 1."""
        return any(each.is_grave for each in self.letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The tickets of one site: its name and counts, the subjects that are shown, how many more there are."""

    title: str
    counts: str
    lines: tuple[str, ...]
    more: str


def gathered(letters: Sequence[Waiting], most: int) -> Digest:
    """`letters` as one digest, which shows `most` tickets."""
    newest: dict[str, Waiting] = {}
    for each in letters:
        if each.ticket not in newest or newest[each.ticket].event <= each.event:
            newest[each.ticket] = each
    ordered = tuple(sorted(newest.values(), key=_gravity))
    return Digest(letters=tuple(letters), newest=ordered, shown=ordered[:most])


def _gravity(letter: Waiting) -> tuple[bool, int, datetime, str]:
    return letter.what in _WELL, letter.level or _LIGHTEST, letter.created_at, letter.ticket


def letter(
    digest: Digest,
    subjects: Mapping[str, str],
    address: str,
    language: Language,
    sites: Mapping[str, Site],
    number: int,
    domain: str,
    now: datetime,
    pages: str = "",
) -> Letter:
    """`digest` as the letter number `number` of its kind to `address`. `subjects` are those of the shown letters.

    To a channel it is a few lines, with the address of the `pages` where all of it stands.
    """
    said = words(language)
    zone = next((sites[each.site].zone for each in digest.newest if each.site in sites), "UTC")
    broken = [each for each in digest.newest if each.what not in _WELL]
    values = {
        "count": str(len(digest.newest)),
        "grave": str(sum(each.level is Level.CRITICAL for each in broken)),
        "since": wall(digest.letters[0].created_at, zone),
        "at": wall(now, zone),
    }
    subject = said.said("digest", "subject_grave" if values["grave"] != "0" else "subject", **values)
    gravest = min((each.level or Level.WARNING for each in broken), default=None)
    shown = {
        "lang": language.value.replace("_", "-"),
        "subject": subject,
        "first": said.said("digest", "first_grave" if values["grave"] != "0" else "first", **values),
        "colour": COLOURS[gravest] if gravest else GREEN,
        "why": said.said("digest", "why", letters=str(len(digest.letters)), **values),
        "levels": _levels(broken, said),
        "well": said.said("digest", "well", count=str(well)) if (well := len(digest.newest) - len(broken)) else "",
        "groups": _groups(digest, subjects, sites, said),
        "others": _others(digest, sites, said),
        "footer": (
            said.said("letter", "zone", zone=zone, at=values["at"]),
            said.said("digest", "record"),
            said.said("letter", "automatic"),
        ),
    }
    who = sha256(address.casefold().encode()).hexdigest()[:10]
    of_mail = way(address) == MAIL
    gravest_first = [harmless(subjects.get(each.message_id, each.ticket), _SHOWN) for each in digest.shown[:_FEW]]
    few = {"first": shown["first"], "place": "", "next": "", "why": "; ".join(gravest_first), "link": pages}
    return Letter(
        ticket="",
        event=number,
        recipient=address,
        subject=subject,
        text=rendered("digest.txt", **shown) if of_mail else rendered("short.txt", **few),
        html=rendered("digest.html", **shown) if of_mail else "",
        message_id=f"<digest.{number}.{who}@{domain}>",
        language=language,
        created_at=now,
        level=Level.CRITICAL if digest.is_grave else None,
    )


def _levels(letters: Sequence[Waiting], said: Words) -> list[str]:
    counts = Counter(each.level for each in letters)
    colon = said.said("letter", "colon")
    return [f"{said.said('level', str(int(level)))}{colon}{counts[level]}" for level in Level if counts[level]]


def _groups(digest: Digest, subjects: Mapping[str, str], sites: Mapping[str, Site], said: Words) -> list[_Group]:
    """The sites of which tickets are shown, in the order of their gravest."""
    every = Counter(each.site for each in digest.newest)
    of_site: dict[str, list[Waiting]] = {}
    for each in digest.shown:
        of_site.setdefault(each.site, []).append(each)
    return [
        _Group(
            title=_called(site, sites),
            counts=said.said("digest", "tickets", count=str(every[site])),
            lines=tuple(harmless(subjects.get(each.message_id, each.ticket)) for each in shown),
            more=said.said("digest", "more", count=str(rest)) if (rest := every[site] - len(shown)) else "",
        )
        for site, shown in of_site.items()
    ]


def _others(digest: Digest, sites: Mapping[str, Site], said: Words) -> str:
    """The sites of which no ticket is shown, with their counts."""
    shown = {each.site for each in digest.shown}
    counts = Counter(each.site for each in digest.newest if each.site not in shown)
    if not counts:
        return ""
    named = [f"{_called(site, sites)} ({count})" for site, count in counts.most_common(_SITES)]
    if rest := len(counts) - len(named):
        named.append(said.said("digest", "more_sites", count=str(rest)))
    return said.said("digest", "others", sites=said.said("digest", "comma").join(named))


def _called(site: str, sites: Mapping[str, Site]) -> str:
    return harmless(sites[site].title or site) if site in sites else harmless(site)
