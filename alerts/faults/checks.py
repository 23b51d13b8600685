"""What must hold for a policy as a whole, asked by `policy.py` when the file comes in at the door."""

from collections.abc import Iterable, Mapping

from alerts.faults.rules import Aspect, Kind, Rule, Symptom, Wrong

Pair = tuple[str, str]


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
    hides: dict[Pair, set[Pair]] = {}
    for symptom in symptoms:
        causes = _pairs(symptom.behind.kinds, symptom.behind.aspects)
        for part in _pairs(symptom.kinds, symptom.aspects):
            # A fault never hides behind one of its own kind and aspect, whatever a line without words may say.
            hides.setdefault(part, set()).update(causes - {part})
    done: set[Pair] = set()
    for start in hides:
        _walk(start, hides, (), done)


def _walk(part: Pair, hides: Mapping[Pair, set[Pair]], way: tuple[Pair, ...], done: set[Pair]) -> None:
    if part in way:
        circle = " behind ".join("/".join(one) for one in (*way[way.index(part) :], part))
        raise ValueError(f"symptoms hide behind each other: {circle}")
    if part in done:
        return
    for cause in sorted(hides.get(part, ())):
        _walk(cause, hides, (*way, part), done)
    done.add(part)


def _pairs(kinds: Iterable[str] | None, aspects: Iterable[str] | None) -> set[Pair]:
    return {(str(kind), str(aspect)) for kind in kinds or Kind for aspect in aspects or Aspect}
