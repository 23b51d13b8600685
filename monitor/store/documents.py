"""Values of the house to JSON documents and back: the one place where the disk's form of a value is decided.

Pydantic reads them back, so a document that no longer fits its value is an error with a path, not a wrong value.
"""

import json
import zlib
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from monitor.model import Fault, FaultKey, Identity, Letter, Observation

_FAULT = TypeAdapter(Fault)
_IDENTITY = TypeAdapter(Identity)
_LETTER = TypeAdapter(Letter)
_OBSERVATIONS = TypeAdapter(tuple[Observation, ...])
_DATA = TypeAdapter(dict[str, str])


def fault_document(fault: Fault) -> str:
    """`fault` as JSON."""
    return _FAULT.dump_json(fault).decode()


def fault_read(document: str) -> Fault:
    """The fault in `document`."""
    return _FAULT.validate_json(document)


def cause_document(key: FaultKey) -> str:
    """The key of a cause as SQLite's own json_array writes it (monitor/store/migrations, r0021)."""
    return json.dumps([key.device, key.kind, key.label, key.aspect], ensure_ascii=False, separators=(",", ":"))


def identity_document(identity: Identity) -> str:
    """`identity` as JSON."""
    return _IDENTITY.dump_json(identity).decode()


def identity_read(document: str) -> Identity:
    """The identity in `document`."""
    return _IDENTITY.validate_json(document)


def letter_document(letter: Letter) -> str:
    """`letter` as JSON."""
    return _LETTER.dump_json(letter).decode()


def letter_read(document: str) -> Letter:
    """The letter in `document`."""
    return _LETTER.validate_json(document)


def data_document(data: Mapping[str, str]) -> str:
    """An event's data as JSON with sorted keys, so that equal data is equal text."""
    return json.dumps(dict(data), ensure_ascii=False, sort_keys=True)


def data_read(document: str) -> dict[str, str]:
    """The event's data in `document`."""
    return _DATA.validate_json(document)


def observations_packed(observations: Sequence[Observation]) -> bytes:
    """A visit's observations as compressed JSON: about 3 kB for a switch of 48 ports."""
    return zlib.compress(_OBSERVATIONS.dump_json(tuple(observations)), 6)


def observations_unpacked(packed: bytes) -> tuple[Observation, ...]:
    """The observations in `packed`."""
    return _OBSERVATIONS.validate_json(zlib.decompress(packed))
