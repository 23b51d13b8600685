"""The contract: figures of configs/contract.toml, checked at the door, then plain values for tickets, clocks, letters.

`ContractFile` is the file's shape; `contract` makes of it the frozen `Contract` that everything else is given. What
no contract can mean (restore before respond, a region without a figure) is an error whose message says what to do.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from alerts.desk.terms import (
    AT_ONCE,
    ClassPromise,
    ClockName,
    ClockRule,
    DeskRules,
    LevelPromise,
    Maker,
    Name,
    Phase,
    Prefecture,
    Promises,
    Region,
    ThreeGuarantees,
    Tier,
    Warnings,
    Warranty,
    written,
)
from monitor.model import Level, ServiceClass, TicketKind

__all__ = ["ClockName", "Contract", "ContractFile", "Standing", "contract"]

TRIAL_RUN = "trial_run"
"""The phase during which an engineer is on site at once (4.14)."""


def _keepable(promise: ClassPromise) -> ClassPromise:
    """`promise`, if its own clocks can all be kept."""
    if promise.restore is None:
        return promise
    restore = written(promise.restore)
    if promise.restore < promise.respond:
        raise ValueError(
            f"restore ({restore}) is before respond ({written(promise.respond)}): nobody can restore what nobody has "
            "answered; make restore longer or respond shorter"
        )
    if promise.hand_up > promise.restore:
        raise ValueError(
            f"hand_up ({written(promise.hand_up)}) is after restore ({restore}): the next tier would be called when "
            "the promise is already broken; make hand_up shorter"
        )
    return promise


def _classed(given: object) -> object:
    if isinstance(given, dict) and "service_class" not in given:
        raise ValueError('has no service_class; add one, such as service_class = "general"')
    return given


def _complete(kind: type[Enum], given: Iterable[Enum]) -> None:
    missing = [str(member.value) for member in kind if member not in set(given)]
    if missing:
        raise ValueError(f"{', '.join(missing)} missing; every one of them needs its own section")


def _distinct(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f'{what} "{name}" stands here twice; remove or rename one')
        seen.add(name)


class ContractFile(BaseModel):
    """configs/contract.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clocks: Mapping[ClockName, ClockRule]
    warnings: tuple[Warnings, ...] = ()
    regions: Annotated[Mapping[Name, Region], Field(min_length=1)]
    promises: Promises
    desk: DeskRules
    classes: Mapping[ServiceClass, Annotated[ClassPromise, AfterValidator(_keepable)]]
    levels: Mapping[Level, Annotated[LevelPromise, BeforeValidator(_classed)]]
    makers: Mapping[Name, Maker]
    warranty: Warranty
    three_guarantees: ThreeGuarantees
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    prefectures: Mapping[Name, Prefecture]

    @field_validator("clocks")
    @classmethod
    def _every_clock(cls, clocks: Mapping[ClockName, ClockRule]) -> Mapping[ClockName, ClockRule]:
        _complete(ClockName, clocks)
        return clocks

    @field_validator("warnings")
    @classmethod
    def _ascending(cls, warnings: tuple[Warnings, ...]) -> tuple[Warnings, ...]:
        lengths = [timedelta.max if entry.up_to is None else entry.up_to for entry in warnings]
        if lengths != sorted(set(lengths)):
            raise ValueError("up_to must grow from entry to entry, and only the last entry may be without it")
        return warnings

    @field_validator("classes")
    @classmethod
    def _classes_fit(
        cls, classes: Mapping[ServiceClass, ClassPromise], info: ValidationInfo
    ) -> Mapping[ServiceClass, ClassPromise]:
        _complete(ServiceClass, classes)
        regions: Mapping[str, Region] = info.data.get("regions", {})
        promises: Promises | None = info.data.get("promises")
        for name, promise in classes.items():
            if regions and (missing := sorted(regions.keys() - promise.on_site.keys())):
                raise ValueError(f"{name}.on_site has no figure for {', '.join(missing)}; every region needs one")
            if regions and (strange := sorted(promise.on_site.keys() - regions.keys())):
                raise ValueError(f"{name}.on_site names {', '.join(strange)}, which is no region; see [regions]")
            if promises and promise.respond > promises.equipment_fault:
                raise ValueError(
                    f"{name}.respond ({written(promise.respond)}) is later than promises.equipment_fault "
                    f"({written(promises.equipment_fault)}), which is promised for every fault; make one fit the other"
                )
        return classes

    @field_validator("levels")
    @classmethod
    def _levels_fit(cls, levels: Mapping[Level, LevelPromise], info: ValidationInfo) -> Mapping[Level, LevelPromise]:
        _complete(Level, levels)
        classes: Mapping[ServiceClass, ClassPromise] = info.data.get("classes", {})
        for level, promise in levels.items():
            if promise.service_class is ServiceClass.NON_FAULT:
                raise ValueError(
                    f"{level}.service_class is non_fault, which is for what is outside our responsibility, whatever "
                    "its level; choose severe, major or general"
                )
            if acts := classes.get(promise.service_class):
                _keeps(level, promise, acts)
        return levels

    @field_validator("three_guarantees")
    @classmethod
    def _in_order(cls, given: ThreeGuarantees) -> ThreeGuarantees:
        if given.exchange_days <= given.refund_days:
            raise ValueError("exchange_days must be later than refund_days: exchange follows refund")
        return given

    @field_validator("phases")
    @classmethod
    def _phases_once(cls, phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
        _distinct("phase", (phase.name for phase in phases))
        return phases

    @field_validator("tiers")
    @classmethod
    def _tiers_once(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        _distinct("tier", (tier.name for tier in tiers))
        return tiers

    @field_validator("prefectures")
    @classmethod
    def _in_regions(cls, prefectures: Mapping[str, Prefecture], info: ValidationInfo) -> Mapping[str, Prefecture]:
        regions: Mapping[str, Region] = info.data.get("regions", {})
        for name, prefecture in prefectures.items():
            if regions and prefecture.region not in regions:
                raise ValueError(
                    f'{name}.region "{prefecture.region}" is no region; choose one of {", ".join(sorted(regions))}'
                )
        return prefectures


def _keeps(level: Level, promise: LevelPromise, acts: ClassPromise) -> None:
    """Whoever keeps the class's promises must keep those of the level by it, because only the class has clocks."""
    late = {"respond": acts.respond} if acts.respond > promise.respond else {}
    if promise.on_site > AT_ONCE:
        late |= {f"on_site.{region}": span for region, span in acts.on_site.items() if span > promise.on_site}
    for what, span in late.items():
        raise ValueError(
            f"{level} promises {what.partition('.')[0]} sooner than its class {promise.service_class.value} does "
            f"({what} = {written(span)}); choose a faster class, or give the level the longer time"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What of a ticket decides its figures. `maker` and `phase` are "" where nobody knows them."""

    kind: TicketKind
    level: Level
    service_class: ServiceClass
    region: str
    maker: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was promised, as plain values; the fields are those of `ContractFile`."""

    clocks: Mapping[ClockName, ClockRule]
    warnings: tuple[Warnings, ...]
    regions: Mapping[str, Region]
    promises: Promises
    desk: DeskRules
    classes: Mapping[ServiceClass, ClassPromise]
    levels: Mapping[Level, LevelPromise]
    makers: Mapping[str, Maker]
    warranty: Warranty
    three_guarantees: ThreeGuarantees
    phases: tuple[Phase, ...]
    tiers: tuple[Tier, ...]
    prefectures: Mapping[str, Prefecture]

    @property
    def complaint(self) -> timedelta:
        """Within which time a complaint is answered: of several promises the stricter one stands (2.16, 4.8)."""
        return min(self.promises.complaint)

    def shares(self, promise: timedelta) -> tuple[float, ...]:
        """After which shares of `promise` to warn, ascending."""
        if promise <= AT_ONCE:
            return ()
        fitting = (entry.at for entry in self.warnings if entry.up_to is None or promise <= entry.up_to)
        return tuple(sorted(next(fitting, ())))

    def promised(self, clock: ClockName, about: Standing) -> timedelta | None:
        """The figure for one clock of a ticket that stands so; None where the contract has none.

        A region that the contract does not know (its file has changed since) gets the strictest figure of all. What
        was promised for the next news of a vendor stands in the ticket itself.
        """
        return self._of_repair(clock, about) if about.kind is TicketKind.REPAIR else self._of_talk(clock, about.kind)

    def _of_talk(self, clock: ClockName, kind: TicketKind) -> timedelta | None:
        """What is promised of a question or a complaint."""
        if clock is ClockName.ANSWER:
            return self.complaint if kind is TicketKind.COMPLAINT else self.promises.question
        return self.promises.hotline if clock is ClockName.RESPOND and kind is TicketKind.QUESTION else None

    def _of_repair(  # noqa: PLR0911 - one return for each promise
        self, clock: ClockName, about: Standing
    ) -> timedelta | None:
        acts = self.classes[about.service_class]
        match clock:
            case ClockName.RESPOND:
                return acts.respond
            case ClockName.HAND_UP:
                return acts.hand_up
            case ClockName.RESTORE:
                return acts.restore
            case ClockName.ON_SITE:
                arrive = acts.on_site.get(about.region, min(acts.on_site.values()))
                return min(arrive, self.promises.trial_on_site) if about.phase == TRIAL_RUN else arrive
            case ClockName.REPAIR if acts.restore is not None:
                region = self.regions.get(about.region)
                return region.repair if region else min(each.repair for each in self.regions.values())
            case ClockName.SPARE:
                maker = self.makers.get(about.maker.lower())
                return maker.spare if maker else None
            case ClockName.VENDOR_REPORT:
                maker = self.makers.get(about.maker.lower())
                asks = acts.report_to_vendor and (maker is None or maker.report_by_level)
                return self.levels[about.level].report_to_vendor if asks else None
            case ClockName.CALL_BACK if self.promises.call_back:
                return self.desk.call_back_within
            case _:
                return None


def contract(file: ContractFile) -> Contract:
    """The contract that `file` describes."""
    return Contract(**dict(file))
