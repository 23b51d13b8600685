"""The door for policy.toml: its schema, and the frozen `Policy` that judgement asks.

What is wrong in the file is said here, once, with its place; `policy()` of a file that was let in cannot fail.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, WithJsonSchema, model_validator

from alerts.faults import checks, wording
from alerts.faults.overrides import Override
from alerts.faults.rules import (
    Aspect,
    Baseline,
    Cause,
    Elsewhere,
    Flapping,
    Group,
    Kind,
    KindWords,
    Link,
    Policy,
    Rule,
    Run,
    Symptom,
    Watch,
    Wrong,
)  # fmt: skip
from monitor.model import Condition, Level, Limits, Role, Text, duration

__all__ = ["ASPECTS", "KINDS", "Policy", "PolicyFile", "policy"]

KINDS: tuple[str, ...] = tuple(Kind)
ASPECTS: tuple[str, ...] = tuple(Aspect)
_LEARNED = frozenset({(Kind.INTERFACE, Aspect.PACKET_ERRORS), (Kind.INTERFACE, Aspect.DISCARDS)})
Word = TypeVar("Word")


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError('a duration is text with a unit, such as "5min"')  # noqa: TRY004 - pydantic wants ValueError
    return duration(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "examples": ["0s", "5min", "1h 30min"]}),
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextFile(_Section):
    """One thing said in both languages of the house."""

    en: str = Field(min_length=1)
    zh_CN: str = Field(min_length=1)  # noqa: N815 - the POSIX name of the locale

    def text(self) -> Text:
        """The word of the house."""
        return Text(en=self.en, zh_CN=self.zh_CN)


class TemplateFile(TextFile):
    """A text in both languages with placeholders from the closed list."""

    @model_validator(mode="after")
    def _has_only_known_gaps(self) -> Self:
        for template in (self.en, self.zh_CN):
            wording.fields(template)
        return self


class RunFile(_Section):
    """How many answers in a row, over how long, make something sure."""

    answers: int = Field(ge=1)
    time: Duration = timedelta(0)

    def run(self) -> Run:
        """The value judgement uses."""
        return Run(answers=self.answers, time=self.time)


class LimitsFile(_Section):
    """Limits in base units, used where the device tells none."""

    low_critical: float | None = None
    low_warning: float | None = None
    high_warning: float | None = None
    high_critical: float | None = None

    @model_validator(mode="after")
    def _rises(self) -> Self:
        told = [
            n for n in (self.low_critical, self.low_warning, self.high_warning, self.high_critical) if n is not None
        ]
        if not told or sorted(set(told)) != told:
            raise ValueError("limits must rise: low_critical < low_warning < high_warning < high_critical")
        return self


class BaselineFile(_Section):
    """How a number is judged against the part's own past."""

    at_least: PositiveFloat
    at_most: PositiveFloat
    factor: float = Field(default=5.0, gt=1)
    days: int = Field(default=14, ge=3, le=90)
    after: int = Field(default=7, ge=2)

    @model_validator(mode="after")
    def _can_be_learned(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError("at_least must not be above at_most")
        if self.after > self.days:
            raise ValueError("after must not be more than days: what is older than days is forgotten")
        return self


class AspectFile(_Section):
    """What is special for one aspect of a kind."""

    confirm: RunFile | None = None
    confirm_degraded: RunFile | None = None
    clear: RunFile | None = None
    limits: LimitsFile | None = None
    hysteresis: float = Field(default=0.0, ge=0)
    baseline: BaselineFile | None = None
    flaps: bool = True

    @model_validator(mode="after")
    def _has_limits_until_it_is_learned(self) -> Self:
        if self.baseline is None:
            return self
        limits = self.limits or LimitsFile.model_construct()
        if limits.high_warning is None:
            raise ValueError("a baseline needs limits with high_warning, which count until it is learned")
        if limits.high_critical is not None and self.baseline.at_most >= limits.high_critical:
            raise ValueError("at_most of the baseline must be below high_critical")
        return self


class KindFile(_Section):
    """One kind of part: its words, its patience, and what is special for some of its aspects."""

    name: TextFile
    names: TextFile
    rest_one: TemplateFile = TemplateFile(en="the other still works", zh_CN="另一个仍正常")
    rest_many: TemplateFile = TemplateFile(en="the other {left} still work", zh_CN="其余 {left} 个仍正常")
    group_by: Literal["device", "slot"] = "device"
    missed: bool = False
    confirm: RunFile
    clear: RunFile
    aspect: dict[Aspect, AspectFile] = Field(default_factory=dict)


class RuleFile(_Section):
    """One rule. Rules are tried in the order of the file, and the first that fits gives the level."""

    name: str = Field(min_length=1)
    kind: Kind | list[Kind]
    aspect: Aspect | list[Aspect] | None = None
    condition: Wrong | list[Wrong]
    role: Role | list[Role] | None = None
    group: Group | list[Group] | None = None
    link: Link | list[Link] | None = None
    serves: bool | None = None
    declared: bool | None = None
    was_ok: bool | None = None
    below: Role | list[Role] | None = None
    level: Literal[1, 2, 3, 4, "none"]
    proposes: Literal["ours", "not_ours"] | None = None
    why: TemplateFile


class SymptomFile(_Section):
    """Faults that are only a symptom of another fault of the same device."""

    kind: Kind | list[Kind] | None = None
    aspect: Aspect | list[Aspect] | None = None
    condition: Literal["degraded", "failed"] | None = None
    behind_kind: Kind | list[Kind] | None = None
    behind_aspect: Aspect | list[Aspect] | None = None
    behind_condition: Literal["degraded", "failed"] | None = None
    same: Literal["device", "slot", "label"] = "device"


class OverrideFile(_Section):
    """A level in place of what the rules say, for a customer, a site, a device or a part."""

    name: str = Field(min_length=1)
    customer: str = ""
    site: str = ""
    device: str = ""
    kind: str = ""
    label: str = ""
    aspect: str = ""
    rule: str = ""
    level: Literal[1, 2, 3, 4, "none"]
    why: TextFile

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.customer or self.site or self.device or self.kind or self.label or self.aspect or self.rule):
            raise ValueError("it would fit every fault; say of which customer, site, device, kind, label or rule")
        for word, known in ((self.kind, KINDS), (self.aspect, ASPECTS)):
            if word and not any(fnmatchcase(one, word) for one in known):
                raise ValueError(f'"{word}" fits none of {", ".join(known)}')
        return self

    def override(self) -> Override:
        """The value judgement uses."""
        level = None if self.level == "none" else Level(self.level)
        return Override(**{**dict(self), "level": level, "why": self.why.text()})


class FlappingFile(_Section):
    """The flap penalty (RFC 2439, section 4.2)."""

    penalty: PositiveFloat = 1000.0
    half_life: Duration = timedelta(minutes=15)
    suppress: PositiveFloat = 2500.0
    reuse: PositiveFloat = 1000.0
    ceiling: PositiveFloat = 8000.0
    steady: Duration = timedelta(minutes=5)

    @model_validator(mode="after")
    def _can_begin_and_end(self) -> Self:
        if not self.reuse < self.suppress <= self.ceiling:
            raise ValueError(
                "flapping could not begin or end: reuse must be below suppress, suppress not above ceiling"
            )
        if self.penalty >= self.suppress:
            raise ValueError("one single fault would be flapping: penalty must be below suppress")
        if not self.half_life:
            raise ValueError("half_life must be longer than nothing")
        return self


class ElsewhereFile(_Section):
    """Causes outside a device: what it is reached through, the line and the mains of its site."""

    doubt: Duration = timedelta(seconds=15)
    linger: Duration = timedelta(seconds=90)
    together: Duration = timedelta(minutes=2)
    devices: int = Field(default=2, ge=2)
    share: float = Field(default=0.5, gt=0, le=1)


class WordsFile(_Section):
    """What roles, conditions and aspects are called in a reason."""

    role: dict[Role, TextFile]
    condition: dict[Wrong, TextFile]
    aspect: dict[Aspect, TextFile]

    @model_validator(mode="after")
    def _leaves_no_gap(self) -> Self:
        for table, words, needed in (
            ("role", self.role, tuple(Role)), ("condition", self.condition, tuple(Wrong)),
            ("aspect", self.aspect, ASPECTS),
        ):  # fmt: skip
            missing = [str(word) for word in needed if word not in words]
            if missing:
                raise ValueError(f"[words.{table}] has no words for {', '.join(missing)}")
        return self


class PolicyFile(_Section):
    """All of policy.toml."""

    refresh: Duration = timedelta(minutes=5)
    flapping: FlappingFile = FlappingFile()
    elsewhere: ElsewhereFile = ElsewhereFile()
    words: WordsFile
    kind: dict[Kind, KindFile]
    rule: list[RuleFile]
    symptom: list[SymptomFile] = Field(default_factory=list)
    override: list[OverrideFile] = Field(default_factory=list)

    @model_validator(mode="after")
    def _learns_what_is_counted(self) -> Self:
        for kind, file in self.kind.items():
            for aspect, special in file.aspect.items():
                if special.baseline is not None and (kind, aspect) not in _LEARNED:
                    known = " and ".join(f"[kind.{kind}.aspect.{aspect}]" for kind, aspect in sorted(_LEARNED))
                    raise ValueError(f"[kind.{kind}.aspect.{aspect}] can have no baseline; only {known} can")
        return self

    @model_validator(mode="after")
    def _covers_everything(self) -> Self:
        missing = [kind for kind in KINDS if kind not in self.kind]
        if missing:
            raise ValueError(f"there is no [kind.…] for {', '.join(missing)}")
        checks.refuse_twins((*(rule.name for rule in self.rule), *(one.name for one in self.override)))
        for one in self.override:
            if one.rule and not any(fnmatchcase(rule.name, one.rule) for rule in self.rule):
                raise ValueError(f'[[override]] "{one.name}": there is no rule "{one.rule}"')
        checks.refuse_gaps(_indexed(self.rule))
        checks.refuse_circles([_symptom(one) for one in self.symptom])
        return self


def policy(file: PolicyFile) -> Policy:
    """The policy that `file` describes."""
    index = _indexed(file.rule)
    missed = frozenset(kind for kind, one in file.kind.items() if one.missed)
    return Policy(
        rules=index,
        kinds={kind: _kind_words(one) for kind, one in file.kind.items()},
        watches={kind: {aspect: _watch(one, aspect) for aspect in Aspect} for kind, one in file.kind.items()},
        flapping=Flapping(**dict(file.flapping)),
        symptoms=tuple(_symptom(one) for one in file.symptom),
        roles=_texts(file.words.role),
        conditions=_texts(file.words.condition),
        aspects=_texts(file.words.aspect),
        refresh=file.refresh,
        elsewhere=Elsewhere(**dict(file.elsewhere)),
        overrides=tuple(one.override() for one in file.override),
        first_sight=_asked_for_first_sight(index, missed),
        missed=missed,
    )


def _several(written: Word | list[Word] | None) -> frozenset[Word] | None:
    if written is None:
        return None
    return frozenset(written) if isinstance(written, list) else frozenset((written,))


def _texts(words: Mapping[Word, TextFile]) -> dict[Word, Text]:
    return {word: text.text() for word, text in words.items()}


def _indexed(rules: Iterable[RuleFile]) -> dict[tuple[str, str, Wrong], tuple[Rule, ...]]:
    index: dict[tuple[str, str, Wrong], tuple[Rule, ...]] = {}
    for file in rules:
        rule = _rule(file)
        for kind in _several(file.kind) or ():
            for aspect in _several(file.aspect) or Aspect:
                for wrong in _several(file.condition) or ():
                    before = index.get((kind, aspect, wrong), ())
                    if not (before and before[-1].asks_nothing):  # what stands behind an open rule is never reached
                        index[kind, aspect, wrong] = (*before, rule)
    return index


def _rule(file: RuleFile) -> Rule:
    return Rule(
        name=file.name,
        level=None if file.level == "none" else Level(file.level),
        why=file.why.text(),
        roles=_several(file.role),
        groups=_several(file.group),
        links=_several(file.link),
        serves=file.serves,
        declared=file.declared,
        was_ok=file.was_ok,
        below=_several(file.below),
        proposes=file.proposes or "",
        tells_numbers=bool(wording.fields(file.why.en + file.why.zh_CN) & wording.NUMBERS),
    )


def _watch(file: KindFile, aspect: Aspect) -> Watch:
    special = file.aspect.get(aspect, AspectFile())
    return Watch(
        confirm=(special.confirm or file.confirm).run(),
        confirm_degraded=special.confirm_degraded.run() if special.confirm_degraded else None,
        clear=(special.clear or file.clear).run(),
        limits=Limits(**dict(special.limits)) if special.limits else None,
        hysteresis=special.hysteresis,
        baseline=Baseline(**dict(special.baseline)) if special.baseline else None,
        flaps=special.flaps,
    )


def _kind_words(file: KindFile) -> KindWords:
    return KindWords(
        name=file.name.text(),
        names=file.names.text(),
        rest_one=file.rest_one.text(),
        rest_many=file.rest_many.text(),
        by_slot=file.group_by == "slot",
    )


def _symptom(file: SymptomFile) -> Symptom:
    return Symptom(
        kinds=_several(file.kind),
        aspects=_several(file.aspect),
        conditions=_bad(file.condition),
        behind=Cause(
            kinds=_several(file.behind_kind),
            aspects=_several(file.behind_aspect),
            conditions=_bad(file.behind_condition),
            same=file.same,
        ),
    )


def _bad(written: str | None) -> frozenset[Condition]:
    return frozenset({Condition(written)} if written else {Condition.DEGRADED, Condition.FAILED})


def _asked_for_first_sight(
    index: Mapping[tuple[str, str, Wrong], tuple[Rule, ...]], missed: Iterable[str]
) -> dict[str, frozenset[str]]:
    # a stack member has no state of its own: that it is there is seen by its role
    found: dict[str, frozenset[str]] = dict.fromkeys(missed, frozenset({Aspect.STATE, Aspect.ROLE}))
    for (kind, aspect, _), rules in index.items():
        if any(rule.was_ok is not None for rule in rules):
            found[kind] = found.get(kind, frozenset()) | {aspect}
    return found
