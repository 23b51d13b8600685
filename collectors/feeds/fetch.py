"""Live fetch of a maker's CSAF 2.0 documents, by its provider metadata: https alone, one host, nothing without bounds.

Off until a provider is configured. No redirect leaves the host; certificates are checked; what did not change is not
asked for again (ETag, Last-Modified), and documents that were taken before are known by what the list says of them.
"""

import csv
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp

from collectors.feeds.fields import rows, table, text
from collectors.text import cleaned

_REDIRECTS: Final = 3
_LARGEST_LIST: Final = 32 * 1024 * 1024
_MOST_LISTED: Final = 100_000
_MOST_FEEDS: Final = 20
_BLOCK: Final = 64 * 1024


class FetchError(Exception):
    """The provider cannot be fetched from; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document as it came."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came: documents, those that could not be had with the reason, and what to remember for the next time."""

    documents: tuple[Page, ...]
    refused: tuple[tuple[str, str], ...]
    memory: str


@dataclass(slots=True)
class _Talk:
    session: aiohttp.ClientSession
    host: str
    size: int
    marks: dict[str, dict[str, str]] = field(default_factory=dict)

    async def got(self, address: str, most: int, *, marked: bool = False) -> bytes | None:
        """What is at `address`, at most `most` octets; None where it is what it was (`marked`)."""
        headers = {"Accept-Encoding": "identity"}
        if marked and (mark := self.marks.get(address)):
            headers |= {
                name: mark[key]
                for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
                if mark.get(key)
            }
        for _ in range(_REDIRECTS + 1):
            self._checked(address)
            async with self.session.get(address, headers=headers, allow_redirects=False) as answer:
                if answer.status == 304:  # noqa: PLR2004 - not modified (RFC 9110)
                    return None
                if answer.status in {301, 302, 303, 307, 308}:
                    address = urljoin(address, answer.headers.get("Location", ""))
                    continue
                if answer.status != 200:  # noqa: PLR2004 - OK
                    raise FetchError(f"{cleaned(address, 200)}: answer {answer.status}")
                raw = await _bounded(answer, address, most)
                if marked:
                    mark = {"etag": answer.headers.get("ETag", ""), "modified": answer.headers.get("Last-Modified", "")}
                    self.marks[address] = {key: cleaned(word, 200) for key, word in mark.items()}
                return raw
        raise FetchError(f"{cleaned(address, 200)}: more than {_REDIRECTS} redirects")

    def _checked(self, address: str) -> None:
        where = urlsplit(address)
        if where.scheme != "https" or where.netloc != self.host:
            raise FetchError(f"{cleaned(address, 200)} leads away from https://{self.host}")


async def _bounded(answer: aiohttp.ClientResponse, address: str, most: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    async for part in answer.content.iter_chunked(_BLOCK):
        length += len(part)
        if length > most:
            raise FetchError(f"{cleaned(address, 200)} has more than {most} octets")
        parts.append(part)
    if answer.content_length is not None and length != answer.content_length:
        raise FetchError(f"{cleaned(address, 200)} is cut off")
    return b"".join(parts)


async def fetched(
    address: str, memory: str, *, most: int, size: int, patience: timedelta, authority: Path | None = None
) -> Fetched:
    """Up to `most` documents of the provider at `address` that changed since `memory`. Raises FetchError."""
    known = _remembered(memory)
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        if authority:
            context.load_default_certs()
        limits = aiohttp.ClientTimeout(total=patience.total_seconds())
        connector = aiohttp.TCPConnector(ssl=context, limit_per_host=2)
        async with aiohttp.ClientSession(
            connector=connector, timeout=limits, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            talk = _Talk(session, urlsplit(address).netloc, size, known.get("marks", {}))
            return await _taken(talk, address, known.get("seen", {}), most)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise FetchError(cleaned(str(error), 300) or type(error).__name__) from error


def _remembered(memory: str) -> dict[str, Any]:
    try:
        found = json.loads(memory)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def _taken(talk: _Talk, address: str, seen: Mapping[str, str], most: int) -> Fetched:
    metadata = _json(await talk.got(address, talk.size) or b"", address)
    listed: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    for place in _lists(metadata):
        try:
            raw = await talk.got(place, _LARGEST_LIST)
            listed |= dict(_listed(place, raw or b""))
        except FetchError as error:
            refused.append((place, str(error)))
    if not listed and refused:
        raise FetchError(refused[0][1])
    if not listed:
        raise FetchError(f"{cleaned(address, 200)} names no list of documents that can be read")
    documents: list[Page] = []
    now_seen = {each: mark for each, mark in seen.items() if each in listed}
    # the newest first: what is told today matters more than what is years old
    waiting = sorted(
        (each for each in listed if seen.get(each) != listed[each] or not listed[each]), key=lambda e: listed[e]
    )
    for each in list(reversed(waiting))[:most]:
        try:
            raw = await talk.got(each, talk.size, marked=True)
        except (FetchError, aiohttp.ClientError, TimeoutError) as error:
            refused.append((each, str(error) or type(error).__name__))
            continue
        now_seen[each] = listed[each]
        if raw is not None:
            documents.append(Page(name=each, raw=raw))
    marks = {each: mark for each, mark in talk.marks.items() if each in listed}
    return Fetched(
        documents=tuple(documents),
        refused=tuple(refused),
        memory=json.dumps({"seen": now_seen, "marks": marks}, sort_keys=True),
    )


def _json(raw: bytes, address: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{cleaned(address, 200)} is no JSON: {cleaned(str(error), 100)}") from error
    return table(found)


def _lists(metadata: dict[str, Any]) -> Iterator[str]:
    """The lists of documents that a provider names: changes of its folders, and ROLIE feeds."""
    for each in rows(metadata.get("distributions"))[:_MOST_FEEDS]:
        folder = text(each.get("directory_url"))
        if folder:
            yield urljoin(folder.rstrip("/") + "/", "changes.csv")
        for feed in rows(table(each.get("rolie")).get("feeds"))[:_MOST_FEEDS]:
            # what is not for everybody (TLP) would need a login
            if text(feed.get("tlp_label")) in {"WHITE", "CLEAR", "UNLABELED", ""} and (at := text(feed.get("url"))):
                yield at


def _listed(place: str, raw: bytes) -> Iterator[tuple[str, str]]:
    """The documents of a list, with what it says of when they changed."""
    if place.endswith(".csv"):
        lines = raw.decode("utf-8", "replace").splitlines()[:_MOST_LISTED]
        for line in csv.reader(lines):
            if len(line) > 1 and line[0].endswith(".json"):
                yield urljoin(place, line[0].strip()), cleaned(line[1], 60)
        return
    feed = table(_json(raw, place).get("feed"))
    for each in rows(feed.get("entry")):
        source = text(table(each.get("content")).get("src"))
        link = next((text(one.get("href")) for one in rows(each.get("link")) if one.get("rel") == "self"), "")
        if source or link:
            yield urljoin(place, source or link), text(each.get("updated"))
