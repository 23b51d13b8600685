"""Spare parts: where each of them is, what may become of it, what is short. Plain functions of the movements.

What a store holds is never written down: it follows from the movements, which are only ever added to (monitor/store/
spares.py). A spare with a serial number is one piece; one without is counted.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from alerts.desk.refused import Refusal, RefusedError, Word, refused
from alerts.desk.warranty import months_after
from alerts.desk.windows import fits


class State(StrEnum):
    """What a piece is there for. OUTSIDE is where pieces come from and go to when nobody knows of them."""

    OUTSIDE = ""
    IN_STOCK = "in_stock"
    RESERVED = "reserved"
    USED = "used"
    FAULTY = "faulty"
    AT_MAKER = "at_maker"


class Moved(StrEnum):
    """What happened to pieces."""

    ADDED = "added"
    RESERVED = "reserved"
    RELEASED = "released"
    USED = "used"
    RETURNED = "returned"
    SENT = "sent"
    CAME_BACK = "came_back"
    MOVED = "moved"
    COUNTED = "counted"


_WAYS: Mapping[Moved, tuple[State, State]] = {
    Moved.ADDED: (State.OUTSIDE, State.IN_STOCK),
    Moved.RESERVED: (State.IN_STOCK, State.RESERVED),
    Moved.RELEASED: (State.RESERVED, State.IN_STOCK),
    Moved.USED: (State.RESERVED, State.USED),
    Moved.RETURNED: (State.OUTSIDE, State.FAULTY),
    Moved.SENT: (State.FAULTY, State.AT_MAKER),
    Moved.CAME_BACK: (State.AT_MAKER, State.IN_STOCK),
    Moved.MOVED: (State.IN_STOCK, State.IN_STOCK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store of spare parts. `site` is one of the inventory, `city` where it is; either may be ""."""

    name: str
    title: str = ""
    site: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spare:
    """A kind of piece, or one piece with its serial number.

    `kind` is the kind of part that it replaces, "" for a whole unit; `models` are patterns of the units that it fits.
    """

    id: int
    part_number: str
    description: str = ""
    serial: str = ""
    kind: str = ""
    models: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How people call it."""
        return f"S{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where pieces are, and what for: `ticket` where they are reserved or used."""

    store: str = ""
    state: State = State.OUTSIDE
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of the book: so many pieces of a spare went from there to there. `unit` is the unit they were put in."""

    spare: int
    what: Moved
    at: datetime
    by: str
    quantity: int
    source: Place
    target: Place
    unit: str = ""
    why: str = ""


Held = Mapping[Place, int]
"""How many pieces of one spare are in each place."""


def held(movements: Iterable[Movement]) -> dict[int, dict[Place, int]]:
    """How many pieces of each spare are where, as the book says."""
    found: dict[int, Counter[Place]] = {}
    for each in movements:
        counts = found.setdefault(each.spare, Counter())
        counts[each.source] -= each.quantity
        counts[each.target] += each.quantity
    return {
        spare: {place: count for place, count in sorted(counts.items()) if count and place.state is not State.OUTSIDE}
        for spare, counts in found.items()
    }


def moved(
    spare: Spare,
    there: Held,
    what: Moved,
    at: datetime,
    by: str,
    *,
    store: str,
    to: str = "",
    quantity: int = 1,
    ticket: str = "",
    unit: str = "",
    why: str = "",
) -> Movement:
    """The movement that `what` asks for. Raises ValueError, which says why, where the book does not allow it.

    `store` is where the pieces are, or come to; `to` another store that they are moved to. A spare that is used
    without having been reserved for the ticket is taken from the stock, one that is returned out of its last use.
    """
    if quantity < 1:
        raise RefusedError(refused("spare_quantity", quantity=str(quantity)))
    before, after = _WAYS[what]
    source = _place(store, before, ticket)
    if what is Moved.USED and there.get(source, 0) < quantity:
        source = _place(store, State.IN_STOCK, "")
    if what is Moved.RETURNED:
        source = next((place for place in there if place.state is State.USED and spare.serial), Place())
    target = _place(to or store, after, ticket)
    if source.state is not State.OUTSIDE and there.get(source, 0) < quantity:
        raise RefusedError(_refusal(spare, there, source, quantity))
    if source.state is State.OUTSIDE and spare.serial and any(there.values()):
        raise RefusedError(refused("spare_known", spare=spare.name, serial=spare.serial, there=said(there)))
    if source == target:
        raise RefusedError(refused("spare_stays", spare=spare.name, store=store))
    return Movement(
        spare=spare.id,
        what=what,
        at=at,
        by=by,
        quantity=quantity,
        source=source,
        target=target,
        unit=unit,
        why=why,
    )


def counted(spare: Spare, there: Held, found: int, at: datetime, by: str, *, store: str, why: str = "") -> Movement:
    """The movement that sets the stock of `store` to what was `found` there; of no pieces where that is what it was.

    Only what is in stock is counted; pieces that are reserved or faulty lie apart. Raises ValueError for a piece with
    a serial number that is found twice, or is elsewhere by the book.
    """
    stock = Place(store=store, state=State.IN_STOCK)
    difference = found - there.get(stock, 0)
    if found < 0 or (spare.serial and found > 1):
        raise RefusedError(refused("spare_found", spare=spare.name, count=str(found)))
    if spare.serial and difference > 0 and any(there.values()):
        raise RefusedError(refused("spare_elsewhere", spare=spare.name, there=said(there)))
    source, target = (Place(), stock) if difference >= 0 else (stock, Place())
    return Movement(
        spare=spare.id,
        what=Moved.COUNTED,
        at=at,
        by=by,
        quantity=abs(difference),
        source=source,
        target=target,
        why=why,
    )


def _place(store: str, state: State, ticket: str) -> Place:
    if state is State.OUTSIDE:
        return Place()
    if state is State.USED:
        return Place(state=state, ticket=ticket)
    return Place(store=store, state=state, ticket=ticket if state is State.RESERVED else "")


def _refusal(spare: Spare, there: Held, source: Place, quantity: int) -> Refusal:
    return refused(
        "spare_too_few",
        spare=spare.name,
        part=spare.part_number,
        wanted=str(quantity),
        is_there=_piece(source, there.get(source, 0)),
        there=said(there),
    )


def said(there: Held) -> tuple[Refusal, ...] | Refusal:
    """Where the pieces are, in words."""
    return tuple(_piece(place, count) for place, count in there.items() if count > 0) or refused("spare_nowhere")


def _piece(place: Place, count: int) -> Refusal:
    """So many pieces in one place."""
    where = " ".join(filter(None, (place.store, place.ticket)))
    return refused("spare_place", count=str(count), state=state_word(place.state), where=where)


def state_word(state: State) -> Word:
    """What people call it."""
    return Word(group="spare_state", key=state.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How many are to be there of one part number. `models` adds to the patterns that its spares have."""

    part_number: str
    installed_per_spare: int
    at_least: int = 0
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """How many spares are to be there by what is installed; `rules` for part numbers of their own (capitals equal)."""

    installed_per_spare: int = 20
    at_least: int = 1
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def but(self, minimums: Mapping[str, int]) -> "Needs":
        """The same, but of these part numbers at least so many: what people set stands before the configuration."""
        rules = dict(self.rules)
        for number, least in minimums.items():
            folded = number.casefold()
            known = rules.get(folded) or Rule(part_number=number, installed_per_spare=self.installed_per_spare)
            rules[folded] = replace(known, at_least=least)
        return replace(self, rules=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One unit or part that is in use somewhere, as the asset file or a collector tells it."""

    key: str
    model: str
    part_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How many of one part number are installed, have to be in stock in all stores, and are free there."""

    part_number: str
    description: str
    installed: int
    minimum: int
    free: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(self.minimum - self.free, 0)


def compatible(models: Iterable[str], model: str) -> bool:
    """True where a spare for units of these models fits `model`."""
    return bool(model) and any(pattern and fits(pattern, model) for pattern in models)


def levels(
    spares: Sequence[Spare], stock: Mapping[int, Held], installed: Iterable[Installed], needs: Needs
) -> tuple[Level, ...]:
    """What is to be there and what is, of each part number that has a spare or a rule.

    One for every `installed_per_spare` that are installed, begun ones too; at least `at_least` where any is installed,
    and of a rule always. The same unit told by the asset file and by a collector has one `key`, and counts once.
    """
    units = {each.key: (each.model, each.part_number.casefold()) for each in installed}
    alike = Counter(units.values())  # ten thousand units are of a few hundred kinds
    names: dict[str, str] = {}
    for number in (*(each.part_number for each in spares), *(rule.part_number for rule in needs.rules.values())):
        names.setdefault(number.casefold(), number)
    found = []
    for folded, number in sorted(names.items()):
        mine = [each for each in spares if each.part_number.casefold() == folded]
        rule = needs.rules.get(folded)
        models = {*(model for each in mine for model in each.models), *(rule.models if rule else ())}
        count = sum(pieces for (model, same), pieces in alike.items() if same == folded or compatible(models, model))
        free = sum(
            pieces for each in mine for place, pieces in stock.get(each.id, {}).items() if place.state is State.IN_STOCK
        )
        per = rule.installed_per_spare if rule else needs.installed_per_spare
        least = rule.at_least if rule else needs.at_least if count else 0
        found.append(
            Level(
                part_number=number,
                description=next((each.description for each in mine if each.description), ""),
                installed=count,
                minimum=max(math.ceil(count / per), least),
                free=free,
            )
        )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """So many free pieces in one store that fit what has failed; `is_same` where the part number is the same."""

    spare: Spare
    store: Store
    quantity: int
    is_same: bool


def offers(
    spares: Iterable[Spare],
    stock: Mapping[int, Held],
    stores: Mapping[str, Store],
    *,
    part_number: str,
    kind: str,
    model: str,
) -> tuple[Offer, ...]:
    """The free spares that fit: those with the part number first, then those of this kind for units of this model."""
    found = []
    for each in spares:
        is_same = bool(part_number) and each.part_number.casefold() == part_number.casefold()
        if not is_same and (each.kind != kind or not compatible(each.models, model)):
            continue
        found += [
            Offer(spare=each, store=stores.get(place.store, Store(name=place.store)), quantity=pieces, is_same=is_same)
            for place, pieces in stock.get(each.id, {}).items()
            if place.state is State.IN_STOCK and pieces > 0
        ]
    return tuple(sorted(found, key=lambda one: (not one.is_same, one.store.name, one.spare.id)))


def count_due(last: date | None, months: int, today: date) -> bool:
    """True where a store has to be counted again (2.7): it never was, or not for so many months."""
    return last is None or months_after(last, months) < today
