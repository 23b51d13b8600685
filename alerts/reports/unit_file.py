"""The asset file (用户档案, contract 2.15): every unit of a customer, its warranty, and all that happened to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from alerts.desk.assets import Asset
from alerts.desk.contract import Contract
from alerts.desk.statement import charge
from alerts.desk.warranty import charged, ends, phase
from alerts.locale import Words, words
from alerts.papers.paper import (
    Block,
    Heading,
    Moment,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Tone,
)
from alerts.reports.after_table import table
from alerts.reports.fault_report import signatures
from alerts.reports.month import fingerprint
from monitor.model import Component, Language, Site

KIND = "asset_file"
SOON = 90
"""Days before the end of a warranty from which it is said to end soon (contract 2.13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened to a unit: when, of what kind (a word of [unit_file]), and what."""

    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFacts:
    """One unit: the asset file's words, what collectors see in it, and its history in words of the paper."""

    asset: Asset
    version: str = ""
    parts: tuple[Component, ...] = ()
    lines: tuple[Line, ...] = ()
    repairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFacts:
    """All units that a paper is about. `today` is the day at the customer's place, by which warranties are judged."""

    customer: str
    number: str
    zone: str
    sites: Mapping[str, Site]
    units: tuple[UnitFacts, ...]
    contract: Contract
    today: date
    generated_at: datetime
    tool_version: str
    company: str = ""


def asset_file(facts: AssetFacts, language: Language, *, version: int = 1) -> Paper:
    """The asset file of a customer, in `language`."""
    said = words(language)
    return Paper(
        kind=KIND,
        title=said.said("after", KIND),
        subtitle=facts.customer,
        number=f"AF-{facts.number}-{facts.today:%Y%m%d}",
        version=version,
        language=language,
        zone=facts.zone,
        made_at=facts.generated_at,
        tool_version=facts.tool_version,
        facts=fingerprint(facts),
        company=facts.company,
        customer=facts.customer,
        terms=((said.said("after", "units"), str(len(facts.units))),),
        blocks=tuple(_blocks(facts, said)),
    )


def _blocks(facts: AssetFacts, said: Words) -> Iterator[Block]:
    yield Heading(level=1, text=said.said("after", "units"), key="units")
    soon = sum(_is_soon(each.asset, facts) for each in facts.units)
    if soon:
        yield Paragraph(text=said.said("after", "warranty_soon", count=str(soon), days=str(SOON)), tone=Tone.ATTENTION)
    yield table(
        said,
        "units",
        (
            ("serial", "serial", 1.7),
            ("model", "model", 1.8),
            ("site", "site", 1.4),
            ("device", "device", 1.4),
            ("accepted", "accepted_on", 1.4),
            ("maker", "maker_warranty", 1.4),
            ("engineering", "engineering_warranty", 1.4),
            ("phase", "phase", 1),
            ("repairs", "repairs", 0.7),
        ),
        (_unit_row(each, facts, said) for each in facts.units),
        empty="no_units",
    )
    for each in facts.units:
        yield from _unit(each, facts, said)
    yield from signatures(said, "keeper", "customer_signs")


def _unit_row(each: UnitFacts, facts: AssetFacts, said: Words) -> Row:
    asset = each.asset
    until = ends(asset.dates, asset.maker, facts.contract)
    accepted = asset.final_acceptance
    return Row(
        cells=(
            asset.serial,
            asset.model,
            _site(asset, facts),
            asset.device,
            str(accepted) if isinstance(accepted, date) else said.said("after", "unknown"),
            _day(until.maker, said),
            _day(until.engineering, said),
            _phase(asset, facts, said),
            str(each.repairs),
        ),
        tone=Tone.ATTENTION if _is_soon(asset, facts) else Tone.PLAIN,
    )


def _unit(each: UnitFacts, facts: AssetFacts, said: Words) -> Iterator[Block]:
    asset = each.asset
    until = ends(asset.dates, asset.maker, facts.contract)
    yield Heading(level=2, text=" ".join(filter(None, (asset.model, asset.serial))), key=f"unit-{asset.serial}")
    yield Pairs(
        key=f"unit-{asset.serial}",
        rows=(
            (said.said("after", "serial"), asset.serial),
            (said.said("after", "vendor"), asset.maker or said.said("after", "unknown")),
            (said.said("after", "model"), asset.model or said.said("after", "unknown")),
            (said.said("after", "part_number"), asset.part_number or said.said("after", "unknown")),
            (said.said("after", "site"), _site(asset, facts)),
            (said.said("after", "device"), asset.device or said.said("after", "none")),
            (said.said("after", "version"), each.version or said.said("after", "unknown")),
            (said.said("after", "maker_warranty"), _day(until.maker, said)),
            (said.said("after", "engineering_warranty"), _day(until.engineering, said)),
            (said.said("after", "phase"), _phase(asset, facts, said)),
            (
                said.said("after", "charges"),
                charge(charged(asset.dates, asset.maker, facts.contract, facts.today), facts.contract).said(
                    said.language
                ),
            ),
            (said.said("after", "remarks"), asset.remarks or said.said("after", "none")),
        ),
    )
    if each.parts:
        yield table(
            said,
            "parts",
            (
                ("part", "part", 2),
                ("model", "model", 2),
                ("part_number", "part_number", 1.5),
                ("serial", "serial", 1.7),
                ("version", "version", 1.5),
            ),
            (
                Row(cells=(said.part(one), one.model, one.part_number, one.serial, one.software_version))
                for one in each.parts
            ),
            title="parts_of_unit",
            of=asset.serial,
        )
    yield table(
        said,
        "history",
        (("at", "at", 1.4), ("kind", "kind", 1), ("text", "what", 5)),
        (Row(cells=(Moment(at=one.at), said.said("unit_file", one.what), one.text)) for one in each.lines),
        empty="no_history",
        title="unit_history",
        of=asset.serial,
    )


def _is_soon(asset: Asset, facts: AssetFacts) -> bool:
    until = ends(asset.dates, asset.maker, facts.contract)
    days = [(end - facts.today).days for end in (until.maker, until.engineering) if end is not None]
    return any(0 <= each <= SOON for each in days)


def _site(asset: Asset, facts: AssetFacts) -> str:
    site = facts.sites.get(asset.site)
    return (site.title or site.name) if site else asset.site


def _phase(asset: Asset, facts: AssetFacts, said: Words) -> str:
    now = phase(asset.dates, asset.maker, facts.contract, facts.today)
    found = next((each.title for each in facts.contract.phases if now and each.name == now.value), None)
    return found.said(said.language) if found else said.said("after", "unknown")


def _day(day: date | None, said: Words) -> str:
    return str(day) if day else said.said("after", "unknown")
