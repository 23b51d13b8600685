"""One TOML file, read and checked against its owner's schema; every complaint names the line (monitor/problem.py)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cached_property
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from collectors.text import cleaned
from monitor.problem import Place, Problem, near_word, said_path
from monitor.toml_lines import KeyPath, lines

Shape = TypeVar("Shape", bound=BaseModel)

SHOWN_CAP = 40
SECRET_KEYS = frozenset({"credentials", "password", "community", "auth_key", "priv_key"})
"""What stands under these keys is never repeated, because someone may have written the secret itself there."""

FULL_WIDTH = dict(zip("“”‘’，＝［］｛｝＃。　", "\"\"''," + "=[]{}#. ", strict=True))
"""What a Chinese input method writes in place of the signs of TOML."""

_WHERE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_DOTTED = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_REASONS = {
    "missing": "required, but missing",
    "extra_forbidden": "unknown key",
    "unexpected_keyword_argument": "unknown key",  # of a dataclass
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "dataclass_type": "must be a table",
    "model_attributes_type": "must be a table",
    "list_type": "must be an array, [ … ]",
    "tuple_type": "must be an array, [ … ]",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "union_tag_not_found": "required, but missing",
    "union_tag_invalid": "must be one of {expected_tags}",
}


class Document:
    """A TOML file that could be parsed, with the lines of its keys, which are only sought when something is wrong."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.data: dict[str, Any] = tomllib.loads(text)

    @cached_property
    def lines(self) -> dict[KeyPath, int]:
        """The line of each key."""
        return lines(self.text)

    def problem(self, path: KeyPath, reason: str, hint: str = "") -> Problem:
        """What is wrong at `path`, with the line of the key, or of the table that lacks it."""
        stands = (path[:length] for length in range(len(path), 0, -1))
        line = next((self.lines[place] for place in stands if place in self.lines), None)
        return Problem(file=self.file, line=line, key=said_path(path), reason=reason, hint=hint)


def document(path: Path, problems: list[Problem]) -> Document | None:
    """The file at `path`; where it cannot be read or is no TOML, None and one more of `problems`."""
    raw = contents(path, problems)
    return None if raw is None else parsed(path, raw, problems)


def contents(path: Path, problems: list[Problem]) -> bytes | None:
    """What stands in the file at `path`; where it cannot be read, None and one more of `problems`."""
    try:
        return path.read_bytes()
    except OSError as error:
        problems.append(Problem(file=str(path), line=None, key="", reason=f"cannot be read: {error.strerror}"))
    return None


def parsed(path: Path, raw: bytes, problems: list[Problem]) -> Document | None:
    """`raw`, the contents of the file at `path`; where it is no TOML, None and one more of `problems`."""
    try:
        text = raw.decode("utf-8-sig")  # Windows editors write a byte order mark
        return Document(str(path), text)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reason, hint = "not UTF-8", "save the file with the encoding UTF-8"
    except RecursionError:
        reason, line, hint = "not TOML: nested too deeply", None, ""
    except ValueError as error:
        reason, line, hint = _syntax(str(error), text)
    problems.append(Problem(file=str(path), line=line, key="", reason=reason, hint=hint))
    return None


def _syntax(message: str, text: str) -> tuple[str, int | None, str]:
    """The reason, line and hint of a text that tomllib refuses."""
    where = _WHERE.search(message)
    if where is None:
        return f"not TOML: {message}", None, ""
    rows = text.rstrip("\n").split("\n")
    line = int(where["line"] or len(rows))
    column = f" at column {where['column']}" if where["column"] else ""
    row = rows[line - 1] if line <= len(rows) else ""
    sign = next((sign for sign in row if sign in FULL_WIDTH), "")
    hint = f"write {FULL_WIDTH[sign]!r} instead of the full-width {sign!r}" if sign else ""
    return f"not TOML{column}: {message[: where.start()]}", line, hint


def checked(data: Any, shape: type[Shape], place: Place, problems: list[Problem]) -> Shape | None:
    """`data` in the `shape` its owner gave; where it does not fit, None and more of `problems`."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems.extend(_problem(detail, data, shape, place) for detail in details)
    return None


def _problem(detail: ErrorDetails, data: Any, shape: type[BaseModel], place: Place) -> Problem:
    kind, context = detail["type"], dict(detail.get("ctx", {}))
    path = _stated(detail["loc"], data, is_missing=kind == "missing")
    hint = str(context.get("hint", ""))
    if kind.startswith("union_tag"):  # pydantic says it of the table, and the key is the one that tells the arms apart
        path = (*path, str(context["discriminator"]).strip("'"))
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        hint = near_word(str(path[-1]), _known_keys(shape, path[:-1]))
    if kind in {"enum", "literal_error"}:
        return place.problem(path, *_none_of(str(context["expected"]), detail["input"], path))
    if kind == "value_error":
        reason = str(context["error"])
        return place.problem(_deeper(path, data, reason), reason, hint)
    if kind in _REASONS:
        return place.problem(path, _REASONS[kind].format_map(context).replace("'", '"'), hint)
    message = detail["msg"].replace("Input should be", "must be")
    return place.problem(path, message[:1].lower() + message[1:], hint)


def _none_of(expected: str, value: Any, path: KeyPath) -> tuple[str, str]:
    """The reason and hint for a value that is none of those in pydantic's list: "'core', 'access' or 'other'"."""
    words = expected.replace("'", '"')
    if not isinstance(value, str) or not SECRET_KEYS.isdisjoint(path):
        return f"must be {words}", ""
    return f'"{cleaned(value, SHOWN_CAP)}" is not {words}', near_word(value, re.findall(r"'([^']*)'", expected))


def _stated(location: Sequence[str | int], data: Any, *, is_missing: bool) -> KeyPath:
    """Pydantic's `location` without the names of union arms that it puts between the keys of `data`."""
    path: list[str | int] = []
    for count, part in enumerate(location, start=1):
        if isinstance(data, Mapping):
            is_there = part in data
        else:  # an item that is too few in an array of fixed length is not there, though pydantic names its place
            is_there = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if is_there:
            data = data[part]
        if is_there or (is_missing and count == len(location)):
            path.append(part)
    return tuple(path)


def _deeper(path: KeyPath, data: Any, reason: str) -> KeyPath:
    """`path`, or the one below it that `reason` begins with, as in "general.respond is later than …"."""
    for part in path:
        data = data[part]
    named = _DOTTED.match(reason)
    below: list[str] = []
    for part in named.group().split(".") if named else ():
        if not isinstance(data, Mapping) or part not in data:
            break
        data = data[part]
        below.append(part)
    return (*path, *below)


def _known_keys(shape: Any, path: KeyPath) -> list[str]:
    """The keys that the owner's schema knows in the table at `path`."""
    fields = _fields(shape)
    if fields:
        if not path:
            return [str(key) for key in fields]
        return _known_keys(fields[path[0]], path[1:]) if path[0] in fields else []
    arms = get_args(shape)
    if get_origin(shape) in {Union, UnionType}:
        return [key for arm in arms for key in _known_keys(arm, path)]
    if get_origin(shape) is Annotated:
        return _known_keys(arms[0], path)
    if not arms or not path:
        return []
    return _known_keys(arms[0] if isinstance(path[0], int) else arms[-1], path[1:])


def _fields(shape: Any) -> Mapping[Any, Any]:
    """The keys of a model or dataclass and what stands there; none for anything else."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        return {field.alias or name: field.annotation for name, field in shape.model_fields.items()}
    return get_type_hints(shape) if isinstance(shape, type) and is_dataclass(shape) else {}
