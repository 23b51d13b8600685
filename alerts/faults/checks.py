"""What must hold for a policy as a whole, asked by `policy.py` when the file comes in at the door."""

from collections.abc import Iterable, Mapping

from alerts.faults.rules import Aspect, Kind, Rule, Symptom, Wrong
from monitor.model import Condition

Part = tuple[str, str, str]
"""Kind, aspect and condition."""


def refuse_twins(names: Iterable[str]) -> None:
    """Rules have names of their own, for a fault says by its rule's name who gave its level."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f'two rules are called "{name}"; a fault could not say which of them gave its level')
        seen.add(name)


def refuse_gaps(index: Mapping[tuple[str, str, Wrong], tuple[Rule, ...]]) -> None:
    """Every kind, aspect and condition ends in a rule that asks nothing: no fault falls through."""
    for kind in Kind:
        gaps = [
            f"{aspect} {wrong}"
            for aspect in Aspect
            for wrong in Wrong
            if not any(rule.asks_nothing for rule in index.get((kind, aspect, wrong), ()))
        ]
        if len(gaps) == len(Aspect) * len(Wrong):
            raise ValueError(f'no rule speaks of kind "{kind}" in every case')
        if gaps:
            raise ValueError(
                f'kind "{kind}" may fall through the rules: {", ".join(gaps[:4])}{" …" if len(gaps) > 4 else ""}; '  # noqa: PLR2004 - enough to find the place
                "end its rules with one that asks for nothing but kind and condition"
            )


def refuse_circles(symptoms: Iterable[Symptom]) -> None:
    """No two faults may hide behind each other: each is a symptom at most of what is no symptom of it."""
    hides: dict[Part, set[Part]] = {}
    for symptom in symptoms:
        causes = _parts(symptom.behind.kinds, symptom.behind.aspects, symptom.behind.conditions)
        for part in _parts(symptom.kinds, symptom.aspects, symptom.conditions):
            # A fault never hides behind one of its own kind and aspect, whatever a line without words may say.
            hides.setdefault(part, set()).update(causes - {(*part[:2], condition) for condition in Condition})
    done: set[Part] = set()
    for start in hides:
        _walk(start, hides, (), done)


def _walk(part: Part, hides: Mapping[Part, set[Part]], way: tuple[Part, ...], done: set[Part]) -> None:
    if part in way:
        circle = " behind ".join("/".join(one[:2]) for one in (*way[way.index(part) :], part))
        raise ValueError(f"symptoms hide behind each other: {circle}")
    if part in done:
        return
    for cause in sorted(hides.get(part, ())):
        _walk(cause, hides, (*way, part), done)
    done.add(part)


def _parts(kinds: Iterable[str] | None, aspects: Iterable[str] | None, conditions: Iterable[str]) -> set[Part]:
    return {(str(k), str(a), str(c)) for k in kinds or Kind for a in aspects or Aspect for c in conditions}
