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
    Column,
    Heading,
    Moment,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Table,
    Tone,
)
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
    yield Table(
        key="units",
        title="",
        columns=(
            Column(key="serial", title=said.said("after", "serial"), share=1.7),
            Column(key="model", title=said.said("after", "model"), share=1.8),
            Column(key="site", title=said.said("after", "site"), share=1.4),
            Column(key="device", title=said.said("after", "device"), share=1.4),
            Column(key="accepted", title=said.said("after", "accepted_on"), share=1.2),
            Column(key="maker", title=said.said("after", "maker_warranty"), share=1.2),
            Column(key="engineering", title=said.said("after", "engineering_warranty"), share=1.2),
            Column(key="phase", title=said.said("after", "phase"), share=1),
            Column(key="repairs", title=said.said("after", "repairs"), share=0.7),
        ),
        rows=tuple(_unit_row(each, facts, said) for each in facts.units),
        empty=said.said("after", "no_units"),
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
        yield Table(
            key=f"parts-{asset.serial}",
            title=said.said("after", "parts_of_unit"),
            columns=(
                Column(key="part", title=said.said("after", "part"), share=2),
                Column(key="model", title=said.said("after", "model"), share=2),
                Column(key="part_number", title=said.said("after", "part_number"), share=1.5),
                Column(key="serial", title=said.said("after", "serial"), share=1.7),
                Column(key="version", title=said.said("after", "version"), share=1.5),
            ),
            rows=tuple(
                Row(cells=(said.part(one), one.model, one.part_number, one.serial, one.software_version))
                for one in each.parts
            ),
            empty=said.said("after", "none"),
        )
    yield Table(
        key=f"history-{asset.serial}",
        title=said.said("after", "unit_history"),
        columns=(
            Column(key="at", title=said.said("after", "at"), share=1.4),
            Column(key="kind", title=said.said("after", "kind"), share=1),
            Column(key="text", title=said.said("after", "what"), share=5),
        ),
        rows=tuple(Row(cells=(Moment(at=one.at), said.said("unit_file", one.what), one.text)) for one in each.lines),
        empty=said.said("after", "no_history"),
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
