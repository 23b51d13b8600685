"""The fingerprint of what a paper is made of: SHA-256 of its facts in one canonical form."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from hashlib import sha256


def fingerprint(facts: object, without: Collection[str] = ("made_at", "tool_version")) -> str:
    """The SHA-256 of `facts`, a dataclass, but for the fields `without`: the same facts, whoever says them and when."""
    plain = _plain(facts)
    kept = {key: value for key, value in plain.items() if key not in without} if isinstance(plain, dict) else plain
    text = json.dumps(kept, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_plain(one)) for one in value)
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.isoformat() if isinstance(value, datetime | date) else value
