"""What `netvigil check` says of the weeks to come: times in which nobody is on duty, years of unknown holidays."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alerts.desk.people import People, Place
from alerts.desk.recurring import Span
from alerts.desk.rota import gaps, rotas_of
from monitor.document import Document
from monitor.model import Site
from monitor.problem import Problem

AHEAD = timedelta(days=30)


def rota_warnings(people: People, sites: Mapping[str, Site], path: Path, now: datetime) -> Iterator[Problem]:
    """What of the next 30 days is not well, with the line of the rota; `people` were read from `path`."""
    source = Document(str(path), people.text)
    customers = {name: site.customer for name, site in sites.items()}
    found: dict[tuple[str, Place], list[Span]] = {}
    for tier, place, span in gaps(people, customers, now, now + AHEAD):
        found.setdefault((tier, place), []).append(span)
    for (tier, place), spans in found.items():
        rota = rotas_of(people, tier, place)[0]
        whose = f' at "{place.site}"' if place.site else f' for "{place.customer}"' if place.customer else ""
        more = f", and {len(spans) - 1} more times" if len(spans) > 1 else ""
        reason = (
            f'nobody is on duty for tier "{tier}"{whose} from {_wall(spans[0].begins, rota.zone)} to '
            f"{_wall(spans[0].ends, rota.zone)} ({rota.zone}){more} within {AHEAD.days} days"
        )
        hint = "" if rota.partial else "partial = true says that times outside its hours are meant to be free"
        yield replace(source.problem(("rota", people.rotas.index(rota)), reason, hint), is_warning=True)
    for at, rota in enumerate(people.rotas):
        zone = ZoneInfo(rota.zone)
        years = people.holidays.unknown(now.astimezone(zone).date(), (now + AHEAD).astimezone(zone).date())
        if years and rota.heeds_holidays:
            yield replace(source.problem(("rota", at), holidays_unknown(years)), is_warning=True)


def uncovered(people: People, sites: Mapping[str, Site], now: datetime) -> dict[tuple[str, str, str], float]:
    """By tier, customer and site, the seconds of the next 30 days in which nobody is on duty; 0 for a tier without."""
    found = {(tier, "", ""): 0.0 for rota in people.rotas for tier in rota.tiers}
    for tier, place, span in gaps(people, {name: site.customer for name, site in sites.items()}, now, now + AHEAD):
        key = (tier, place.customer, place.site)
        found[key] = found.get(key, 0.0) + (span.ends - span.begins).total_seconds()
    return found


def holidays_unknown(years: tuple[int, ...]) -> str:
    """What is said where somebody relies on holidays that nobody knows."""
    said = " and ".join(map(str, years))
    return (
        f"the public holidays of {said} are not known: only weekends are taken for days off; write them as "
        "[[holidays.year]], or install a newer chinese-calendar"
    )


def _wall(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
