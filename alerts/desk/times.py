"""Moments and spans in words for people, in every language of the house; letters, pages and reports say them so."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.model import Language

_UNITS = ((86400, "d", "天"), (3600, "h", "小时"), (60, "min", "分钟"), (1, "s", "秒"))


def wall(moment: datetime, zone: str, language: Language) -> str:
    """`moment` as a clock on the wall shows it in `zone`, which is named: "2026-11-22 15:04 (Asia/Shanghai)".

    Dates are ISO 8601, which Chinese writing shares (GB/T 7408). A zone that this machine does not know gives UTC.
    """
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):  # unknown (ZoneInfoNotFoundError is a KeyError), ill-formed, a folder
        zone, local = "UTC", moment.astimezone(UTC)
    shown = f"{local:%Y-%m-%d %H:%M}"
    return f"{shown}（{zone}）" if language is Language.ZH_CN else f"{shown} ({zone})"


def span(length: timedelta, language: Language) -> str:
    """`length` in its two greatest units, the rest dropped: "3 h 20 min", "3 小时 20 分钟"; less than 0 has a minus."""
    seconds = abs(length) // timedelta(seconds=1)
    counts = []
    for size, en, zh in _UNITS:
        count, seconds = divmod(seconds, size)
        counts.append((count, zh if language is Language.ZH_CN else en))
    first = next((place for place, (count, _) in enumerate(counts) if count), len(counts) - 1)
    said = " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2] if count) or f"0 {counts[-1][1]}"
    return f"-{said}" if length < timedelta(0) and said[0] != "0" else said
