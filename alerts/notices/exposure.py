"""Does an advisory touch what is installed? A verdict with its evidence; what cannot be read is never quiet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from alerts.notices.installed import Installed
from alerts.notices.order import Order, Version
from alerts.notices.products import Speaks, other_maker, speaks
from alerts.notices.versions import parsed
from alerts.notices.vrp import Vrp
from monitor.model import Advisory, Said, Span, Statement


class Verdict(StrEnum):
    """What an advisory means for a device; only the last two are quiet. The loudest stands first."""

    AFFECTED = "affected"
    POSSIBLE = "possible"
    UNDETERMINED = "undetermined"
    NOT_LISTED = "not_listed"
    NOT_AFFECTED = "not_affected"
    NOT_APPLICABLE = "not_applicable"


_RANK = list(Verdict)
_RANGE = "within the bounds"
_OUTSIDE = "outside of the bounds"
_PLACED = {Verdict.AFFECTED, Verdict.POSSIBLE, Verdict.NOT_AFFECTED}
QUIET = frozenset({Verdict.NOT_AFFECTED, Verdict.NOT_APPLICABLE})
_TRAIN = re.compile(r"([0-9]+(?:\.[0-9]+){3}) for ((?:1[0-9](?:th)?(?: ?g\b)?(?:,? and |, ?|/| or )?)+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One reason: where the record says it, in which words, and by which rule it gave which verdict."""

    verdict: Verdict
    source: str
    words: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """An advisory, held against one device."""

    advisory: str
    verdict: Verdict
    known_exploited: bool
    device: str
    evidence: tuple[Evidence, ...]


def exposed(advisory: Advisory, device: Installed, about: "About | None" = None) -> Exposure:
    """The verdict on a device; the loudest of what the statements about it say, and why.

    `about` is what `spoken` says of a device of the same platform and model, where that is known already.
    """
    about = about or spoken(advisory, device)
    evidence = _judged(about.statements, device, advisory) if about.statements else list(about.said)
    if about.unread:
        words = "; ".join(advisory.unparsed[:5])
        evidence.append(_reason(Verdict.UNDETERMINED, advisory.form, words, "a part of the record could not be read"))
    verdict = min((each.verdict for each in evidence), key=_RANK.index)
    told = " ".join(filter(None, (device.kind, device.model, device.version, device.patch)))
    return Exposure(
        advisory=advisory.name,
        verdict=verdict,
        known_exploited=advisory.known_exploited,
        device=told,
        evidence=tuple(sorted(evidence, key=lambda each: _RANK.index(each.verdict))),
    )


def _reason(verdict: Verdict, source: str, words: str, rule: str) -> Evidence:
    return Evidence(verdict=verdict, source=source, words=words, rule=rule)


@dataclass(frozen=True, slots=True)
class About:
    """What of an advisory is about devices of a model: statements to hold versions against, or what is said at once."""

    statements: Sequence[Statement] = ()
    said: Sequence[Evidence] = ()
    unread: bool = False
    listed: frozenset[object] | None = None
    """Of statements that list single versions of VRP as affected and nothing else, these versions and branches."""

    def passes_over(self, version: Version | None) -> bool:
        """Whether it is sure, without a look at each, that other versions are listed and this one is not."""
        if self.listed is None or not isinstance(version, Vrp) or version.placeholder:
            return False
        line = (version.lineage, version.release)
        mine = {(version.lineage, version.base), line, (*line, version.customisation)}
        return self.listed.isdisjoint(mine)


def spoken(advisory: Advisory, device: Installed) -> About:
    """What of an advisory is about devices of this platform and model, whatever their version."""
    text = f"{advisory.title} {advisory.text}"
    others = bool(advisory.statements) and all(other_maker(e.vendor, device.maker, text) for e in advisory.statements)
    if others:
        first = advisory.statements[0]
        rule = "the record speaks of other makers only"
        return About((), [_reason(Verdict.NOT_APPLICABLE, first.source, _words(first), rule)])
    found = _about(advisory, device)
    unread = bool(advisory.unparsed)
    if not isinstance(found[0], Statement):
        return About((), found, unread)
    return About(found, (), unread, _single_versions(found) if device.kind == "vrp" and not unread else None)


def _single_versions(statements: Sequence[Statement]) -> frozenset[object] | None:
    out: set[object] = set()
    for each in statements:
        if each.said is not Said.AFFECTED or each.rest or each.unparsed or not each.spans:
            return None
        for span in each.spans:
            version = parsed("vrp", span.low)
            if span.low != span.high or not isinstance(version, Vrp) or version.placeholder or version.alone:
                return None
            line = (version.lineage, version.release)
            is_branch = version.service_pack is None and version.beta is None and version.patch is None
            out.add((version.lineage, version.base))
            if is_branch:
                out.add(line if version.customisation is None else (*line, version.customisation))
    return frozenset(out)


def _about(advisory: Advisory, device: Installed) -> list[Statement] | list[Evidence]:
    about = [(speaks(each, device, f"{advisory.title} {advisory.text}"), each) for each in advisory.statements]
    # where somebody names products, an entry that names none says nothing more
    if any(how is not Speaks.UNCLEAR for how, _ in about):
        about = [(how, each) for how, each in about if not _says_nothing(each)]
    by_name = [each for how, each in about if how is Speaks.BY_NAME]
    general = [each for how, each in about if how is Speaks.GENERAL]
    unclear = [each for how, each in about if how is Speaks.UNCLEAR]
    if by_name or general:
        if not by_name and _bound_to_others(general, about):
            rule = "every bound is bound to a model by name elsewhere in the record, and none to this one"
            return [_reason(Verdict.NOT_LISTED, general[0].source, _words(general[0]), rule)]
        return by_name or general
    if unclear or not about:
        source, words = (unclear[0].source, _words(unclear[0])) if unclear else (advisory.form, "no statements")
        return [_reason(Verdict.UNDETERMINED, source, words, "whether this is the device cannot be told")]
    if device.name is None:
        rule = f'the model "{device.model}" is not in the table of models'
        return [_reason(Verdict.UNDETERMINED, about[0][1].source, _words(about[0][1]), rule)]
    words = "; ".join(dict.fromkeys(product for _, each in about[:20] for product in each.products))
    return [_reason(Verdict.NOT_APPLICABLE, about[0][1].source, words, "the record speaks of other products only")]


def _says_nothing(statement: Statement) -> bool:
    return all(each.lower() in {"n/a", "*", "", "-"} for each in statement.products)


def _bound_to_others(general: Sequence[Statement], about: Sequence[tuple[Speaks, Statement]]) -> bool:
    elsewhere = {span.high for how, each in about if how is Speaks.NO for span in each.spans if span.high}
    bounds = {span.high for each in general for span in each.spans}
    return bool(bounds) and bounds <= elsewhere


def _judged(statements: Sequence[Statement], device: Installed, advisory: Advisory) -> list[Evidence]:
    version = parsed(device.kind, device.version)
    patch = parsed(device.kind, device.patch) if device.patch else None
    first = statements[0]
    if version is None or version.placeholder:
        rule = f'"{device.version}" is no version that can be compared'
        return [_reason(Verdict.UNDETERMINED, first.source, _words(first), rule)]
    if device.patch and patch is None:
        rule = f'"{device.patch}" is no hot patch that can be compared'
        return [_reason(Verdict.UNDETERMINED, first.source, _words(first), rule)]
    if isinstance(version, Vrp) and version.patch is not None and patch is None:
        patch = replace(version, service_pack=None, beta=None)
    own = [each for each in statements if each.said is not Said.FIXED and not each.rest]
    found = [_one(each, device, version, patch, advisory) for each in own]
    found += [
        _reason(Verdict.UNDETERMINED, each.source, word, "these words of the statement could not be read")
        for each in statements
        for word in each.unparsed
    ]
    kept = [each for each in found if each is not None]
    kept += [_of_rest(each) for each in statements if each.rest and not _placed(kept, each.source)]
    kept = _repaired(kept, [each for each in statements if each.said is Said.FIXED], device, version, patch)
    return kept or [_reason(Verdict.NOT_LISTED, first.source, _words(first), "nothing is said of this version")]


def _placed(kept: Sequence[Evidence], source: str) -> bool:
    """Whether an entry says of this very version what it is, so that what it says of the rest does not count."""
    return any(each.source == source and each.verdict in _PLACED and each.rule != _OUTSIDE for each in kept)


def _of_rest(statement: Statement) -> Evidence:
    rule = "the record says so of all versions that it does not list otherwise"
    return _reason(Verdict.AFFECTED, statement.source, _words(statement), rule)


def _repaired(
    kept: list[Evidence], fixes: Sequence[Statement], device: Installed, version: Version, patch: Version | None
) -> list[Evidence]:
    """What is said, with what the fixes add to it: one that is installed, or a hot patch that is too old."""
    listed = [each for each in kept if each.verdict in {Verdict.AFFECTED, Verdict.POSSIBLE}]
    for each in fixes:
        patches = {span for span in each.spans if _of_patch(span, device.kind)}
        places = {_place(span, device.kind, version, patch) for span in each.spans}
        within = any(_RANGE in one.rule for one in listed)
        if places & {"exact", "later", "in", "above"}:
            if version.trial:
                rule = "a test or beta build never counts as repaired"
                kept.append(_reason(Verdict.POSSIBLE, each.source, _words(each), rule))
            elif listed and not patches:
                rule = "at or after a version that repairs it, and yet listed as affected"
                said = [one for one in kept if one not in listed]
                why = _reason(Verdict.POSSIBLE, each.source, _words(each), rule)
                return [*said, why] if within or "exact" not in places else [*kept, why]
            else:
                rule = "at or after what repairs it"
                said = [one for one in kept if one.verdict is Verdict.UNDETERMINED]
                return [*said, _reason(Verdict.NOT_AFFECTED, each.source, _words(each), rule)]
        elif listed and patch is not None and patches and places & {"earlier", "below"}:
            rule = "the hot patch that is loaded is older than the one that repairs it"
            kept.append(_reason(Verdict.AFFECTED, each.source, _words(each), rule))
        elif not kept and places & {"earlier", "below"}:
            rule = "before the version that repairs it, and nothing is said of which are affected"
            kept.append(_reason(Verdict.POSSIBLE, each.source, _words(each), rule))
    return kept


def _of_patch(span: Span, kind: str) -> bool:
    found = [parsed(kind, each) for each in (span.high or span.low).split("+")]
    return any(isinstance(each, Vrp) and each.alone for each in found)


def _one(
    statement: Statement, device: Installed, version: Version, patch: Version | None, advisory: Advisory
) -> Evidence | None:
    spans = _train(statement, device, advisory)
    if not spans:
        return None
    places = [_place(span, device.kind, version, patch) for span in spans]
    verdict, rule = _verdict(statement.said, places, version, patch)
    several = len({each.high for each in spans if each.low != each.high}) > 1
    if several and statement.said is Said.AFFECTED and verdict is Verdict.AFFECTED:
        verdict, rule = Verdict.POSSIBLE, "several bounds, and nothing tells which is the one of this model"
    elif several and statement.said is Said.AFFECTED and verdict is Verdict.NOT_AFFECTED:
        rule = "at or above all of its bounds"
    if statement.loose and verdict is Verdict.AFFECTED:
        verdict, rule = Verdict.POSSIBLE, "several products and versions, and nothing tells which belong together"
    return _reason(verdict, statement.source, _words(statement), rule)


def _train(statement: Statement, device: Installed, advisory: Advisory) -> tuple[Span, ...]:
    """Of several bounds the one of the device's generation, where the text tells."""
    highs = {each.high for each in statement.spans if each.high and each.low != each.high}
    if len(highs) > 1 and device.generation is not None:
        for bound, words in _TRAIN.findall(advisory.text):
            if bound in highs and str(device.generation) in re.findall(r"1[0-9]", words):
                return tuple(each for each in statement.spans if each.high == bound)
    return statement.spans


def _verdict(said: Said, places: Sequence[str], version: Version, patch: Version | None) -> tuple[Verdict, str]:  # noqa: PLR0911 - a table of rules
    found = set(places)
    if said is Said.UNDER_INVESTIGATION:
        return (
            (Verdict.UNDETERMINED, "the maker still looks into it")
            if found & {"in", "exact", "branch", "unknown"}
            else (Verdict.NOT_LISTED, "nothing is said of this version")
        )
    if said is Said.NOT_AFFECTED:
        if found & {"in", "exact"}:
            return Verdict.NOT_AFFECTED, "the maker says that this version is not affected"
        return Verdict.NOT_LISTED, "said not affected in other versions only"
    if found & {"in", "exact"}:
        if patch is not None:
            return Verdict.POSSIBLE, "version listed; a hot patch is loaded, and no patch is named that repairs it"
        return Verdict.AFFECTED, "exactly this version is listed" if "exact" in found else _RANGE
    if "branch" in found:
        return Verdict.POSSIBLE, "the bare branch is listed, and this is a version of it"
    if "unknown" in found:
        return Verdict.UNDETERMINED, "the version cannot be compared with that of the record"
    if "above" in found or "below" in found:
        if version.trial and "above" in found:
            return Verdict.POSSIBLE, "above the bound, but a test or beta build never counts as repaired"
        return Verdict.NOT_AFFECTED, _OUTSIDE
    return Verdict.NOT_LISTED, "other versions are listed, and this one is not"


@lru_cache(maxsize=131072)
def _place(span: Span, kind: str, version: Version, patch: Version | None) -> str:  # noqa: PLR0911 - rules, the first counts
    """Where the version stands to one range: in, exact, branch, other, above, below, unknown."""
    if not span.low and not span.high:
        return "in"
    if "+" in span.high and span.low == span.high:
        parts = [_place(replace(span, low=each, high=each), kind, version, patch) for each in span.high.split("+")]
        met = {"exact", "above", "later"}
        return "later" if met.issuperset(parts) else "unknown" if {"unknown", "other"} & set(parts) else "earlier"
    low, high = (parsed(kind, each) if each else None for each in (span.low, span.high))
    if (span.low and low is None) or (span.high and high is None):
        return "unknown"
    if any(each is not None and each.placeholder for each in (low, high)):
        return "unknown"
    bound = high or low
    if isinstance(bound, Vrp) and bound.alone:
        if patch is None:
            loose = isinstance(version, Vrp) and (version.lineage, version.release) == (bound.lineage, bound.release)
            return "below" if loose else "other"
        version = patch
    elif isinstance(version, Vrp):
        version = replace(version, patch=None)
    if span.low == span.high and low is not None:
        return _against_one(version, low)
    return _within(span, version, low, high)


def _against_one(version: Version, listed: Version) -> str:
    if listed.branch_of(version):
        return "branch"
    order = version.against(listed)
    if order is Order.SAME:
        return "exact"
    return {Order.AFTER: "later", Order.BEFORE: "earlier"}.get(order, "other")


def _within(span: Span, version: Version, low: Version | None, high: Version | None) -> str:
    if low is not None:
        order = version.against(low)
        if order is Order.INCOMPARABLE:
            return "unknown"
        if order is Order.BEFORE or (order is Order.SAME and not span.low_counts):
            return "below"
    if high is not None:
        order = version.against(high)
        if order is Order.INCOMPARABLE:
            return "unknown"
        if order is Order.AFTER or (order is Order.SAME and not span.high_counts):
            return "above"
    return "in"


def _words(statement: Statement) -> str:
    spans = ", ".join(_span(each) for each in statement.spans[:20])
    return f"{statement.said.value}: {'; '.join(statement.products)}: {spans}"


def _span(span: Span) -> str:
    if span.low == span.high:
        return span.low or "all versions"
    low = f"{'>=' if span.low_counts else '>'}{span.low}" if span.low else ""
    high = f"{'<=' if span.high_counts else '<'}{span.high}" if span.high else ""
    return " ".join(filter(None, (low, high)))
