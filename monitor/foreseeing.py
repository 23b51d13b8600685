"""The look ahead of a day, kept and told: forecasts are made, written down, and whom they concern gets one letter.

What is kept and the letters are one transaction, so that a stop between the two loses nothing and tells nothing twice.
It loads numpy: only a process of its own does that (`netvigil notice foretell`), never the daemon's loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.notices.forecast import Forecast, worse
from alerts.notices.forecast_dates import WARRANTIES
from alerts.notices.forecast_words import Beside
from alerts.notices.foretelling import Foreseen, Foretelling
from alerts.post.foretold import letter
from monitor import enclosing, forecasting, noticing
from monitor.config import Settings
from monitor.enclosing import Foreshadowed
from monitor.store import flaps, forecasts, letters
from monitor.store.database import Store
from monitor.store.forecasts import Kept

STAYS: Final = timedelta(days=14)
"""What is not found for so long has ended: a shorter gap in what is measured is no reason to tell it anew."""
WAITS: Final = timedelta(minutes=10)
"""So long a letter is held back at least, for its documents. Where they cannot be made it leaves without them."""

_KEPT: Final = timedelta(days=100)
"""How often links went down is known for so long: rules ask for 90 days at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a look ahead did: how much is foreseen, how much of it was told now, in how many letters, what ended.

    `parcels` are the letters that wait for their documents (monitor/enclosing.py).
    """

    found: int
    told: int
    letters: int
    ended: int
    parcels: tuple[Foreshadowed, ...] = field(default=(), compare=False)


def rounded(store: Store, settings: Settings, now: datetime) -> Done:
    """Look ahead, keep what is found and tell what is new or nearer. The daemon waits only for the writing."""
    with store.reading() as disk:
        found = forecasting.forecasts(disk, settings, now)
        beside = [forecasting.joined(disk, settings, each) for each in found]
    with store.writing() as disk:
        done = kept(disk, settings, list(zip(found, beside, strict=True)), now)
    enclosing.foretold(store, done.parcels, settings)
    return done


def kept(disk: Connection, settings: Settings, found: Sequence[tuple[Forecast, Beside]], now: datetime) -> Done:
    """Write down what was found, and tell whom it concerns."""
    day = now.astimezone(ZoneInfo(settings.zone)).date()
    number = forecasts.rounded(disk, day, now, len(found))
    forecasts.found(disk, found, now)
    ended = forecasts.ended(disk, now - STAYS, now)
    flaps.forgotten(disk, day - _KEPT)
    of_customer: dict[str, list[Kept]] = {}
    for each in forecasts.standing(disk):
        device = settings.inventory.devices.get(each.forecast.device)
        if device is not None and each.seen == now and _is_news(each):
            of_customer.setdefault(device.customer, []).append(each)
    count = 0
    parcels: list[Foreshadowed] = []
    for customer, news in sorted(of_customer.items()):
        told = _parcels(settings, customer, news, number, now)
        if told:
            held = {each.reader.address: max(each.leaves, now + WAITS) for each in told}
            letters.queued(disk, [letter(each.telling, each.reader, settings.mail.domain) for each in told], held)
            forecasts.told(disk, {each.id: each.forecast.stage for each in news}, now)
            count += len(news)
            parcels += told
    return Done(found=len(found), told=count, letters=len(parcels), ended=ended, parcels=tuple(parcels))


def _is_news(each: Kept) -> bool:
    if each.forecast.subject in WARRANTIES:  # monitor/supplies.py tells of these, on the same days
        return False
    return each.told_first is None or worse(each.forecast, replace(each.forecast, stage=each.told_stage))


def _parcels(settings: Settings, customer: str, news: Sequence[Kept], number: int, now: datetime) -> list[Foreshadowed]:
    """One for each reader whom something of it concerns."""
    zone = _zone(settings, customer)
    telling = Foretelling(
        # unique: of one look ahead each customer has other forecasts
        number=f"F{now.astimezone(ZoneInfo(zone)):%Y%m%d}-{min(each.id for each in news)}.{number}",
        customer=settings.inventory.customers[customer].title or customer,
        zone=zone,
        at=now,
        foreseen=tuple(_foreseen(settings, each) for each in news),
    )
    found = []
    for reader in noticing.readers(customer, settings):
        own = telling.within(reader.sites)
        if own.foreseen:
            leaves = _morning(settings, reader.address, customer, now)
            found.append(Foreshadowed(telling=own, reader=reader, leaves=leaves))
    return found


def _foreseen(settings: Settings, each: Kept) -> Foreseen:
    device = settings.inventory.devices[each.forecast.device]
    site = settings.inventory.sites[device.site]
    return Foreseen(
        forecast=each.forecast,
        beside=each.beside,
        site=site.name,
        site_title=site.title or site.name,
        again=each.told_first is not None,
    )


def _zone(settings: Settings, customer: str) -> str:
    return next((each.zone for each in settings.inventory.sites.values() if each.customer == customer), "UTC")


def _morning(settings: Settings, address: str, customer: str, now: datetime) -> datetime:
    """When a letter may leave: in working hours of the customer's clock, and not in quiet hours of whom it goes to."""
    zone = ZoneInfo(_zone(settings, customer))
    begins, ends = settings.forecasts.working_hours
    local = now.astimezone(zone)
    leaves = now
    if not begins <= local.hour < ends:
        day = local.date() + timedelta(days=local.hour >= ends)
        leaves = datetime.combine(day, time(begins), zone).astimezone(now.tzinfo)
    for person in settings.people.persons.values():
        if person.quiet is not None and person.mail.casefold() == address.casefold():
            leaves = person.quiet.until(leaves) or leaves
    return leaves
