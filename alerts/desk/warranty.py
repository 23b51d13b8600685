"""Warranty of a delivered unit: its ends, the phase of its life, what is charged, and the three guarantees.

Plain functions of the dates in the asset file, the contract and `today`. A date that nobody wrote down is unknown, and
so is all that would follow from it. Section numbers are those of the service plan.

Spans are counted as the Civil Code of the PRC counts them (articles 201 and 202): the first day does not count, the
last day of a span of months is the day of the same number, or the last one of its month where there is no such day.
So a warranty of 12 months from 2025-11-22 holds through 2026-11-22, and one month from 31 January through 28 February.
"""

from calendar import monthrange
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from alerts.desk.contract import Contract
from alerts.desk.terms import ThreeGuarantees
from monitor.model import Text

_YEAR = 12


class NotYet(StrEnum):
    """A date that is known not to have come: nobody has signed that report yet."""

    NOT_YET = "not_yet"


NOT_YET = NotYet.NOT_YET
Day = date | NotYet | None
"""A date of the asset file: a day, known not to have come, or unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What warranty follows from. The two ends are only there where they were agreed otherwise than in the contract."""

    delivered: Day = None
    first_acceptance: Day = None
    final_acceptance: Day = None
    maker_ends: date | None = None
    engineering_ends: date | None = None


class PhaseName(StrEnum):
    """The phases of a project's life (4.14), as contract.toml names them."""

    IMPLEMENTATION = "implementation"
    TRIAL_RUN = "trial_run"
    WARRANTY = "warranty"
    AFTER_WARRANTY = "after_warranty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The last days of the maker's warranty and of the engineering warranty; None where unknown, or not begun."""

    maker: date | None
    engineering: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """Whether the customer pays for parts and for labour; None where that is not known. `section` is the contract's."""

    parts: bool | None
    labour: bool | None
    reason: Text
    section: str = ""


class Guarantee(StrEnum):
    """What the customer may ask for by the three guarantees (2.1)."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One of the three guarantees that applies today, and why."""

    guarantee: Guarantee
    reason: Text


def months_after(day: date, months: int) -> date:
    """The day so many months after `day`; the last one of its month where that has no such day."""
    year, month = divmod(day.year * _YEAR + day.month - 1 + months, _YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def maker_of(maker: str, contract: Contract) -> str:
    """The name of the contract's maker that is written as `maker` (its name, or its title); "" where there is none."""
    wanted = maker.strip().casefold()
    for name, each in contract.makers.items():
        if wanted and wanted in {name.casefold(), each.title.en.casefold(), each.title.zh_CN.casefold()}:
            return name
    return ""


def ends(dates: Dates, maker: str, contract: Contract) -> Ends:
    """When both warranties end: as agreed for the unit, else so many months after the final acceptance (4.16)."""
    start = dates.final_acceptance
    begins = start if isinstance(start, date) else None
    known = contract.makers.get(maker_of(maker, contract))
    by_maker = months_after(begins, known.warranty_months) if begins and known else None
    by_us = months_after(begins, contract.warranty.engineering_months) if begins else None
    return Ends(maker=dates.maker_ends or by_maker, engineering=dates.engineering_ends or by_us)


def phase(dates: Dates, maker: str, contract: Contract, today: date) -> PhaseName | None:
    """In which phase of its life the unit is `today` (4.14); None where the asset file does not tell.

    The warranty phase lasts until both warranties have ended.
    """
    first, final = _came(dates.first_acceptance, today), _came(dates.final_acceptance, today)
    if final:
        until = ends(dates, maker, contract)
        if any(end is not None and today <= end for end in (until.maker, until.engineering)):
            return PhaseName.WARRANTY
        return None if until.maker is None or until.engineering is None else PhaseName.AFTER_WARRANTY
    if first is False:  # the first acceptance comes before the final one
        return PhaseName.IMPLEMENTATION
    return PhaseName.TRIAL_RUN if first and final is False else None


def _came(day: Day, today: date) -> bool | None:
    """Whether `day` has come; None where it is unknown."""
    if day is None:
        return None
    return isinstance(day, date) and day <= today


def charged(dates: Dates, maker: str, contract: Contract, today: date) -> Charged:
    """Whether parts and labour of a repair are charged `today`, and why."""
    is_accepted = _came(dates.final_acceptance, today)
    if is_accepted is False or _came(dates.first_acceptance, today) is False:
        return _free("the unit is not accepted yet", "设备尚未终验", "4.14")
    end = ends(dates, maker, contract).maker
    if end is None:
        return Charged(parts=None, labour=None, reason=_unknown(dates, maker))
    if today <= end:
        return _free(f"maker's warranty until {end}", f"厂家保修期至 {end}", "2.1, 2.2")
    after = contract.warranty.charged_after
    return Charged(
        parts="parts" in after,
        labour="labour" in after,
        reason=Text(en=f"maker's warranty ended on {end}", zh_CN=f"厂家保修期已于 {end} 届满"),
        section="2.13, 4.16",
    )


def _free(en: str, zh: str, section: str) -> Charged:
    return Charged(parts=False, labour=False, reason=Text(en=en, zh_CN=zh), section=section)


def _unknown(dates: Dates, maker: str) -> Text:
    if dates.final_acceptance is None:
        return Text(en="the asset file has no date of final acceptance", zh_CN="用户档案中没有终验日期")
    if not maker:
        return Text(en="the asset file names no maker", zh_CN="用户档案中没有厂商")
    return Text(en=f'the contract says nothing of the maker "{maker}"', zh_CN=f"服务合同中没有厂商“{maker}”的保修期")


def three_guarantees(
    delivered: Day, repairs: Collection[date], rules: ThreeGuarantees, today: date
) -> tuple[Granted, ...]:
    """Which of the three guarantees (2.1) apply to a unit that has failed again `today`, the strongest first.

    Days are counted from the delivery. `repairs` are the days of those repairs that were done before; the failure
    of today is what they have not cured.
    """
    granted = []
    day = (today - delivered).days if isinstance(delivered, date) else -1
    if 0 <= day <= rules.refund_days:
        granted.append(
            Granted(
                guarantee=Guarantee.REFUND,
                reason=Text(
                    en=f"day {day} after the delivery on {delivered}; refund within {rules.refund_days} days",
                    zh_CN=f"{delivered} 交货后第 {day} 日；{rules.refund_days} 日内可退货",
                ),
            )
        )
    recent = _within(repairs, rules.replace_within_months, today)
    if len(recent) >= rules.replace_after_repairs:
        days = ", ".join(map(str, recent))
        granted.append(
            Granted(
                guarantee=Guarantee.REPLACEMENT,
                reason=Text(
                    en=f"{len(recent)} repairs within {rules.replace_within_months} months ({days}) have not cured it",
                    zh_CN=f"{rules.replace_within_months} 个月内维修 {len(recent)} 次（{days}）仍不能正常使用",
                ),
            )
        )
    if rules.refund_days < day <= rules.exchange_days:
        granted.append(
            Granted(
                guarantee=Guarantee.EXCHANGE,
                reason=Text(
                    en=f"day {day} after the delivery on {delivered}; exchange or repair until day "
                    f"{rules.exchange_days}",
                    zh_CN=f"{delivered} 交货后第 {day} 日；{rules.exchange_days} 日内可换货或修理",
                ),
            )
        )
    return tuple(granted)


def _within(repairs: Iterable[date], months: int, today: date) -> list[date]:
    return sorted(day for day in repairs if day <= today <= months_after(day, months))
