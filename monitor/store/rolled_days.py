"""A day of a device's series as it lies on disk: its sum and its hours, as planes of small whole numbers (rolled.py).

The sum holds of each series seconds, samples, mean, and how far below and above it low, high, last and median are; the
hours hold how far each mean is from that of the hour before. What does not move is a run of zeros to the packer.
"""

import json
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from statistics import median
from typing import Final

from monitor.store.rolled import CODES, HEAD, NONE, VERSION, Keys, Part, Told

_MIXED: Final = 254
_MOST: Final = 2**31 - 1

_Row = tuple[float, ...]


def day_packed(keys: Keys, hours: Sequence[tuple[int, Part]]) -> tuple[bytes, bytes]:
    """A day out of its hours, each with the seconds since the day began: its sum, and the hours themselves."""
    parts = [part for _, part in hours]
    series = [list(zip(*several, strict=True)) for several in zip(*(part.columns for part in parts), strict=True)]
    ends = [offset + round(part.end) for offset, part in hours]
    common = [round(max(part.seconds, default=0.0)) for part in parts]
    counted: dict[tuple[_Row, _Row], tuple[Sequence[int], Sequence[int], Sequence[int]]] = {}
    hourly: list[list[int]] = [[] for _ in range(6)]
    daily: list[list[int]] = [[] for _ in range(8)]
    for key, seconds, samples, *numbers in zip(keys, *series, strict=True):
        # nearly all series were told of at the same visits
        if (counts := counted.get((seconds, samples))) is None:
            counts = counted[seconds, samples] = _counts(seconds, samples, common, ends)
        for column, several in zip(hourly, counts[:2], strict=False):
            column += several  # noqa: PLW2901 - in place
        of_hours, of_day = _numbers(key.scale, seconds, samples, numbers)
        for place, several in enumerate(of_hours, 2):
            hourly[place] += several
        for place, number in enumerate(of_day, 2):
            daily[place].append(number)
        for place, number in zip((0, 1, 7), counts[2], strict=True):
            daily[place].append(number)
    return _summary(len(keys), daily, parts), _hours(len(keys), hourly, hours, common)


def _counts(
    seconds: _Row, samples: _Row, common: Sequence[int], ends: Sequence[int]
) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Seconds (as they differ from what is common) and samples of the hours; both of the day, and when it was read."""
    whole = [round(each) for each in seconds]
    short = [have - most for have, most in zip(whole, common, strict=True)]
    known = [n for n, each in enumerate(samples) if each]
    of_day = sum(whole), round(sum(samples)), ends[known[-1]] if known else 0
    return short, [round(each) for each in samples], of_day


def _numbers(
    scale: float, seconds: _Row, samples: _Row, numbers: Sequence[_Row]
) -> tuple[Sequence[Sequence[int]], Sequence[int]]:
    """The numbers of one series as whole ones: of its hours, and of the day."""
    zeros = [0] * len(seconds)
    known = [n for n, each in enumerate(seconds) if each or samples[n]]
    if not scale or not known:
        return (zeros,) * 4, (0,) * 5
    lows, means, highs, lasts = numbers
    if len(known) == len(seconds) and min(lows) == max(highs):
        level = round(lows[0] * scale)
        return ([level, *zeros[1:]], zeros, zeros, zeros), (level, 0, 0, 0, 0)
    levels, low, high, last, before = list(zeros), list(zeros), list(zeros), list(zeros), 0
    for n in known:
        level = round(means[n] * scale)
        levels[n] = level - before
        low[n] = level - round(lows[n] * scale)
        high[n] = round(highs[n] * scale) - level
        last[n] = round(lasts[n] * scale) - level
        before = level
    held = [n for n in known if seconds[n]] or known[-1:]
    weights = [seconds[n] or 1.0 for n in held]
    level = round(sum(means[n] * weight for n, weight in zip(held, weights, strict=True)) / sum(weights) * scale)
    of_day = (
        level,
        level - round(min(lows[n] for n in known) * scale),
        round(max(highs[n] for n in known) * scale) - level,
        round(lasts[known[-1]] * scale) - level,
        round(median([means[n] for n in held]) * scale) - level,
    )
    return (levels, low, high, last), of_day


def _summary(size: int, daily: Sequence[Sequence[int]], parts: Sequence[Part]) -> bytes:
    spent = _spent(size, [state for part in parts for state in part.states])
    main = bytearray([NONE]) * size
    lengths = [0] * size
    mixed: dict[int, dict[int, int]] = {}
    for place, codes in enumerate(spent):
        if len(codes) == 1:
            ((main[place], seconds),) = codes.items()
            lengths[place] = round(seconds)
        elif codes:
            main[place] = _MIXED
            mixed[place] = {code: round(seconds) for code, seconds in codes.items()}
    head = HEAD.pack(VERSION, size, 0, 0)
    columns = [*map(_planes, daily), _planes(lengths), bytes(main), json.dumps(mixed).encode()]
    return zlib.compress(b"".join((head, *columns)), 9)


def _spent(size: int, states: Iterable[tuple[bytes, float]]) -> list[dict[int, float]]:
    """Of each series how many seconds it was in which condition."""
    lengths: dict[bytes, float] = {}
    for vector, seconds in states:
        lengths[vector] = lengths.get(vector, 0.0) + seconds
    if len(lengths) == 1:  # nothing changed all day
        ((vector, seconds),) = lengths.items()
        same = {code: {code: seconds} if code != NONE else {} for code in set(vector)}
        return [same[code] for code in vector]
    spent: list[dict[int, float]] = [{} for _ in range(size)]
    for vector, seconds in lengths.items():
        for codes, code in zip(spent, vector, strict=True):
            if code != NONE:
                codes[code] = codes.get(code, 0.0) + seconds
    return spent


def _hours(
    size: int, hourly: Sequence[Sequence[int]], hours: Sequence[tuple[int, Part]], common: Sequence[int]
) -> bytes:
    vectors: dict[bytes, int] = {}
    for _, part in hours:
        for vector, _ in part.states:
            vectors.setdefault(vector, len(vectors))
    ends = [part.end for _, part in hours]
    states = [[(vectors[vector], seconds) for vector, seconds in part.states] for _, part in hours]
    frame = json.dumps([[offset for offset, _ in hours], list(common), states, ends]).encode()
    head = HEAD.pack(VERSION, size, len(hours), len(vectors))
    return zlib.compress(b"".join((head, *map(_planes, hourly), *vectors, frame)), 6)


def parts_of(packed: bytes, keys: Keys) -> list[tuple[int, Part]]:
    """The hours of a packed day as they were before, but for the rounding; for hours that come after it was packed."""
    raw = zlib.decompress(packed)
    _, size, count, several = HEAD.unpack_from(raw)
    offsets, _, states, ends = json.loads(raw[HEAD.size + 24 * size * count + several * size :])
    start = HEAD.size + 24 * size * count
    vectors = [raw[start + n * size : start + (n + 1) * size] for n in range(several)]
    columns = [[array("f", bytes(4 * size)) for _ in range(6)] for _ in range(count)]
    place = {offset: n for n, offset in enumerate(offsets)}
    for n, of_series in enumerate(hours_told(packed, range(size), keys)):
        for offset, told in of_series:
            said = (told.seconds, told.samples, told.low, told.mean, told.high, told.last)
            for column, number in zip(columns[place[offset]], said, strict=True):
                column[n] = number or 0.0
    return [
        (offset, Part(columns[n], tuple((vectors[which], length) for which, length in states[n]), ends[n]))
        for n, offset in enumerate(offsets)
    ]


def days_told(packed: bytes, wanted: Iterable[int], keys: Keys) -> Iterator[Told]:
    """What the sum of a day says of each of the `wanted` series; seconds 0 where nothing is known.

    Series of which it says the same have one object.
    """
    raw = zlib.decompress(packed)
    _, size, _, _ = HEAD.unpack_from(raw)
    place, columns = HEAD.size, list[Sequence[int]]()
    several = tuple(wanted)
    for _ in range(9):
        columns.append(_unfolded(map(_unplaned(raw[place : place + 4 * size]).__getitem__, several)))
        place += 4 * size
    main = raw[place : place + size]
    mixed: dict[str, dict[str, int]] = json.loads(raw[place + size :])
    alike: dict[tuple[float, ...], Told] = {}  # of most ports a day without errors is that of the others
    for n, row in zip(several, zip(*columns, strict=True), strict=True):
        code, scale = main[n], keys[n].scale
        which = (*row, code, scale)
        told = alike.get(which)
        if told is None or code == _MIXED:
            told = alike[which] = _told(row, scale)
            if code == _MIXED:
                told.conditions = {CODES[int(each)]: float(length) for each, length in mixed[str(n)].items()}
            elif code != NONE:
                told.conditions = {CODES[code]: float(row[-1])}
        yield told


def _told(row: Sequence[int], scale: float) -> Told:
    seconds, samples, level, low, high, last, middle, end, _ = row
    told = Told(seconds, samples, end=end)
    if scale and (seconds or samples):
        told.mean, told.low, told.high = level / scale, (level - low) / scale, (level + high) / scale
        told.last, told.median = (level + last) / scale, (level + middle) / scale
    return told


def hours_told(packed: bytes, wanted: Iterable[int], keys: Keys) -> Iterator[list[tuple[int, Told]]]:
    """What the hours of a day say of each of the `wanted` series, each with the seconds since the day began."""
    raw = zlib.decompress(packed)
    _, size, count, several = HEAD.unpack_from(raw)
    cells, place, columns = size * count, HEAD.size, list["array[int]"]()
    for _ in range(6):
        columns.append(_unplaned(raw[place : place + 4 * cells]))
        place += 4 * cells
    vectors = [raw[place + n * size : place + (n + 1) * size] for n in range(several)]
    offsets, common, states, ends = json.loads(raw[place + several * size :])
    for n in wanted:
        of_series = slice(n * count, (n + 1) * count)
        short, samples, levels_moved, lows, highs, lasts = (_unfolded(column[of_series]) for column in columns)
        levels = list(accumulate(levels_moved))
        found: list[tuple[int, Told]] = []
        for hour in range(count):
            told = Told(float(common[hour] + short[hour]), samples[hour], end=offsets[hour] + ends[hour])
            for vector, length in states[hour]:
                code = vectors[vector][n]
                if code != NONE:
                    told.conditions[CODES[code]] = told.conditions.get(CODES[code], 0.0) + length
            if not told.seconds and not told.samples:
                continue
            if scale := keys[n].scale:
                level = levels[hour]
                told.mean, told.low = level / scale, (level - lows[hour]) / scale
                told.high, told.last = (level + highs[hour]) / scale, (level + lasts[hour]) / scale
            found.append((offsets[hour], told))
        yield found


def _planes(numbers: Sequence[int]) -> bytes:
    """Whole numbers as their lowest octets, then the next …: what is small leaves long runs of zeros to the packer.

    The sign goes to the lowest bit (zigzag), so that small negative numbers are small too.
    """
    folded = [number + number if number >= 0 else -1 - number - number for number in numbers]
    try:
        raw = array("I", folded).tobytes()
    except OverflowError:  # what does not fit is told as the most that does
        raw = array("I", [min(number, 2 * _MOST) for number in folded]).tobytes()
    return b"".join([raw[n::4] for n in range(4)])


def _unfolded(numbers: Iterable[int]) -> list[int]:
    return [number >> 1 if not number & 1 else -(number >> 1) - 1 for number in numbers]


def _unplaned(planes: bytes) -> "array[int]":
    size = len(planes) // 4
    raw = bytearray(len(planes))
    for n in range(4):
        raw[n::4] = planes[n * size : (n + 1) * size]
    return array("I", bytes(raw))
