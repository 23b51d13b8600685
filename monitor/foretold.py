"""What the inspection report tells beside the month itself: what is foreseen, and what makers' notices mean."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.notices.forecast import Forecast, Signal
from alerts.notices.forecast_words import Beside, drawn, told
from alerts.reports.month import ExposureMonth, NoticesMonth, Outlook
from monitor import noticed
from monitor.config import Settings
from monitor.model import Language, Text
from monitor.store import forecasts

_FORESEEN = timedelta(days=7)  # what was not found for so long at the end of a month is no more foreseen


def outlooks(
    disk: Connection, settings: Settings, names: Collection[str], start: datetime, as_of: datetime
) -> Iterator[Outlook]:
    """What was foreseen of these devices in the last days of the month that began at `start`, the nearest first.

    It is what the daily look ahead kept then. Where none of those days was kept, it is made anew with the days that
    were over at `as_of`. The ends of warranties are left out: the report tells them of every device.
    """
    last = (as_of.astimezone(start.tzinfo) - timedelta(seconds=1)).date()
    if forecasts.looked(disk, last - _FORESEEN, last):
        kept = forecasts.of_month(disk, names, f"{start:%Y-%m}", last - _FORESEEN)
        found = [(each.forecast, each.beside) for each in kept]
    else:
        from monitor import forecasting  # noqa: PLC0415 - it brings numpy, which the daemon's own process does without

        anew = forecasting.forecasts(disk, settings, as_of, names)
        found = [(each, forecasting.joined(disk, settings, each)) for each in anew]
    for one, beside in found:
        if one.signal is not Signal.DATE:
            yield _outlook(one, beside)


def _outlook(one: Forecast, beside: Beside) -> Outlook:
    english, chinese = (told(one, language, beside) for language in (Language.EN, Language.ZH_CN))
    picture = drawn(one, Language.EN)
    lines = picture.lines if picture else ()
    left = one.left
    return Outlook(
        device=one.device,
        component=one.component,
        aspect=one.aspect,
        unit=one.unit,
        limit=one.limit,
        on=one.reached(left.days) if left else None,
        first=one.reached(left.low) if left else None,
        last=one.reached(left.high) if left else None,
        left=round(left.days) if left else None,
        signal=one.signal.value,
        says=Text(en=english.text, zh_CN=chinese.text),
        points=lines[0].points if lines else (),
        line=lines[-1].points if len(lines) > 1 else (),
        band=next((line.band for line in lines if line.band), ()),
    )


def notices(
    disk: Connection, settings: Settings, names: Collection[str], start: datetime, end: datetime, now: datetime
) -> NoticesMonth | None:
    """What touches these devices; None where no source of notices is known."""
    found = noticed.month(disk, settings, names, start, end, now)
    if not found.sources and not found.exposures:
        return None
    return NoticesMonth(
        exposures=tuple(
            ExposureMonth(
                device=each.device,
                advisory=each.advisory,
                title=each.title,
                verdict=each.verdict,
                known_exploited=each.known_exploited,
                fixed=each.fixed,
                workaround=each.workaround,
                state=each.state,
            )
            for each in found.exposures
        ),
        sources=tuple((each.name, min(each.last_good, end) if each.last_good else None) for each in found.sources),
        undetermined=found.undetermined,
    )
