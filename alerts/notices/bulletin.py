"""Bulletins typed by engineers (release notes of H3C, telephone calls), as CSAF 2.0: matched like all others.

What is made fits the schema of CSAF 2.0 and its profile "Security Advisory" as far as an engineer can know it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_ID = re.compile(r"\S(.*\S)?")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
_LONG = 20_000
_GRAVEST = 10
_STATUS = ("affected", "fixed", "not_affected")


class BulletinError(ValueError):
    """What was typed cannot be made into a bulletin; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What an engineer types. Of `affected`, `fixed` and `not_affected` each is "MODEL: VERSIONS"."""

    id: str
    title: str
    vendor: str
    affected: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    not_affected: tuple[str, ...] = ()
    text: str = ""
    cve: str = ""
    score: float | None = None
    workaround: str = ""
    fix: str = ""
    known_exploited: bool = False
    published: str = ""
    reference: str = ""


def bulletin(values: Mapping[str, Any]) -> Bulletin:
    """A bulletin of what stands in a TOML or JSON file. Raises BulletinError."""
    known = Bulletin.__dataclass_fields__
    if strange := sorted(set(values) - set(known)):
        raise BulletinError(f"{', '.join(strange)}: no such field; there are {', '.join(known)}")
    taken = {name: _value(name, value) for name, value in values.items()}
    if missing := [name for name in ("id", "title", "vendor", "affected") if not taken.get(name)]:
        raise BulletinError(f"{', '.join(missing)}: must be given")
    made = Bulletin(**taken)
    if not _ID.fullmatch(made.id):
        raise BulletinError("id: must be one line")
    if made.cve and not _CVE.fullmatch(made.cve):
        raise BulletinError('cve: must be such as "CVE-2026-12345"')
    if made.published:
        _moment(made.published)
    for name in _STATUS:
        for each in getattr(made, name):
            _pair(name, each)
    return made


def _value(name: str, value: Any) -> Any:
    match name:
        case "affected" | "fixed" | "not_affected":
            listed = [value] if isinstance(value, str) else value
            if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
                raise BulletinError(f'{name}: must be a list of texts such as "S5735: <V200R021C10SPC600"')
            return tuple(" ".join(each.split()) for each in listed)
        case "known_exploited":
            if not isinstance(value, bool):
                raise BulletinError(f"{name}: must be true or false")
            return value
        case "score":
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _GRAVEST
            ):
                raise BulletinError("score: must be a number from 0 to 10")
            return value
    if not isinstance(value, str):
        raise BulletinError(f"{name}: must be a text")
    return value.strip()[:_LONG] if name in {"text", "workaround", "fix"} else " ".join(value.split())[:1000]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BulletinError('published: must be a day or moment such as "2026-11-20"') from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pair(name: str, text: str) -> tuple[str, str]:
    product, colon, versions = (each.strip() for each in text.partition(":"))
    if not colon or not product or not versions:
        raise BulletinError(f'{name}: "{text}" must be "MODEL: VERSIONS", such as "S5735: <V200R021C10SPC600"')
    return product, versions


def csaf(made: Bulletin, publisher: str, now: datetime, version: str) -> dict[str, Any]:
    """The bulletin as a CSAF 2.0 document; `version` is that of the tool."""
    issued = (_moment(made.published) if made.published else now).isoformat(timespec="seconds")
    at = now.isoformat(timespec="seconds")
    products: dict[str, dict[str, str]] = {}
    status: dict[str, list[str]] = {}
    for name in _STATUS:
        for each in getattr(made, name):
            product, versions = _pair(name, each)
            own = products.setdefault(product, {})
            number = own.setdefault(versions, f"P{sum(map(len, products.values())) + 1}")
            key = name if name == "fixed" else f"known_{name}"
            if number not in status.setdefault(key, []):
                status[key].append(number)
    _consistent(status)
    return {
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "title": made.title,
            "publisher": {"category": "user", "name": publisher, "namespace": "urn:netvigil:bulletins"},
            "notes": [{"category": "summary", "text": made.text or made.title}],
            **(
                {"references": [{"category": "external", "summary": "source", "url": made.reference}]}
                if made.reference
                else {}
            ),
            # a score without its vector is no CVSS of the schema, so that it stands here
            **({"aggregate_severity": {"text": f"{made.score:g}"}} if made.score is not None else {}),
            "tracking": {
                "id": made.id,
                "status": "final",
                "version": "1",
                "initial_release_date": issued,
                "current_release_date": issued,
                "generator": {"engine": {"name": "netvigil", "version": version}, "date": at},
                "revision_history": [{"number": "1", "date": issued, "summary": "Typed by an engineer."}],
            },
        },
        "product_tree": {"branches": [{"category": "vendor", "name": made.vendor, "branches": _branches(products)}]},
        "vulnerabilities": [_vulnerability(made, status)],
    }


def _consistent(status: Mapping[str, Sequence[str]]) -> None:
    seen: dict[str, str] = {}
    for key, numbers in status.items():
        for number in numbers:
            if number in seen:
                raise BulletinError(f"the same model and versions are {seen[number]} and {key}")
            seen[number] = key


def _branches(products: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "category": "product_name",
            "name": product,
            "branches": [
                {
                    "category": "product_version_range"
                    if re.search(r"[<>|*=]|prior|earlier", versions)
                    else "product_version",
                    "name": versions,
                    "product": {"name": f"{product} {versions}", "product_id": number},
                }
                for versions, number in own.items()
            ],
        }
        for product, own in products.items()
    ]


def _vulnerability(made: Bulletin, status: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    hit = list(status.get("known_affected", ()))
    remedies = []
    if made.fix:
        remedies.append({"category": "vendor_fix", "details": made.fix, "product_ids": hit})
    if made.workaround:
        remedies.append({"category": "workaround", "details": made.workaround, "product_ids": hit})
    out: dict[str, Any] = {"title": made.title, "product_status": dict(status)}
    out["notes"] = [{"category": "description", "text": made.text or made.title}]
    if made.cve:
        out["cve"] = made.cve
    else:
        out["ids"] = [{"system_name": "Netvigil bulletin", "text": made.id}]
    if remedies:
        out["remediations"] = remedies
    if made.known_exploited:
        out["threats"] = [{"category": "exploit_status", "details": "Known exploited.", "product_ids": hit}]
    return out
