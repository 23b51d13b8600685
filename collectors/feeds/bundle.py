"""Bundles of advisories from a file: an archive with its SHA-256 manifest, a folder, or a single document.

What leads out of the archive, links, is cut off, is larger than it says or differs from the manifest refuses all of
it: a bundle is taken whole or not at all. What is whole but no advisory is told by the reader, one by one.
"""

import gzip
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Final

from collectors.feeds.reader import LARGEST
from collectors.text import cleaned

MANIFEST: Final = "SHA256SUMS"
MOST_FILES: Final = 50_000
MOST_OCTETS: Final = 2 * 1024**3
"""Of all that is in a bundle, unpacked."""
_LARGEST_MANIFEST = 16 * 1024**2
_BLOCK = 1024**2
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(.+)")
_DRIVE = re.compile(r"[A-Za-z]:")


class BundleError(ValueError):
    """The bundle is refused whole; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of a bundle: its name within, and its octets."""

    name: str
    raw: bytes


def documents(path: Path, *, checked: bool = True) -> Iterator[Document]:
    """The documents at `path`, one after the other. Raises BundleError, possibly late: take nothing before the end.

    `checked` asks an archive for a manifest: SHA256SUMS in it, or beside it under its name with ".sha256".
    """
    try:
        if path.is_dir():
            yield from _manifested(_of_folder(path), is_asked=False)
        elif zipfile.is_zipfile(path):
            yield from _manifested(_of_zip(path), is_asked=not _is_vouched(path) and checked)
        elif _is_tar(path):
            yield from _manifested(_of_tar(path), is_asked=not _is_vouched(path) and checked)
        elif path.stat().st_size > LARGEST:
            raise BundleError(f"{path.name} has {path.stat().st_size} octets; a document has {LARGEST} at most")
        else:
            yield Document(name=path.name, raw=path.read_bytes())
    except (
        OSError,
        EOFError,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
    ) as error:
        # RuntimeError: encrypted; NotImplementedError: a compression that zipfile does not know
        raise BundleError(f"{path.name} cannot be read: {cleaned(str(error), 200)}") from error


def _is_tar(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x1f\x8b"):
        return True
    return head[257:262] == b"ustar" or head.startswith((b"BZh", b"\xfd7zXZ"))


def _is_vouched(path: Path) -> bool:
    """Whether there is a sum of the whole archive beside it. Raises BundleError where the archive is another."""
    beside = path.with_name(f"{path.name}.sha256")
    if not beside.exists():
        return False
    with beside.open("rb") as file:
        words = _bounded(file, beside.name, _LARGEST_MANIFEST).decode("ascii", "replace").split()
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if not words or words[0].lower() != digest.hexdigest():
        raise BundleError(f"{path.name} is not what {beside.name} says: its SHA-256 is {digest.hexdigest()}")
    return True


def _manifested(found: Iterator[Document], *, is_asked: bool) -> Iterator[Document]:
    """The documents, once each was held against the manifest; the manifest itself stands anywhere among them."""
    sums: dict[str, str] | None = None
    digests: dict[str, str] = {}
    total = 0
    for count, each in enumerate(found, 1):
        total += len(each.raw)
        if count > MOST_FILES or total > MOST_OCTETS:
            raise BundleError(f"more than {MOST_FILES} files or {MOST_OCTETS} octets")
        if each.name in digests:
            raise BundleError(f'"{each.name}" is in it twice')
        if PurePosixPath(each.name).name == MANIFEST:
            sums = _sums(each)
            continue
        digests[each.name] = sha256(each.raw).hexdigest()
        yield each
    if sums is not None:
        _compared(sums, digests)
    elif is_asked:
        raise BundleError(f"no {MANIFEST} in it, and no file with its name and .sha256 beside it")


def _compared(sums: Mapping[str, str], digests: Mapping[str, str]) -> None:
    for name in sorted(sums.keys() | digests.keys()):
        if name not in sums:
            raise BundleError(f'"{name}" is not in {MANIFEST}')
        if name not in digests:
            raise BundleError(f'"{name}" is in {MANIFEST} and not in the bundle')
        if sums[name] != digests[name]:
            raise BundleError(f'"{name}" is not what {MANIFEST} says')


def _sums(manifest: Document) -> dict[str, str]:
    out: dict[str, str] = {}
    above = PurePosixPath(manifest.name).parent
    for line in manifest.raw.decode("utf-8", "replace").splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise BundleError(f'a line of {MANIFEST} is none: "{cleaned(line, 80)}"')
        out[_inside(str(above / found[2]))] = found[1].lower()
    return out


def _inside(name: str) -> str:
    """The name, if it stays within the bundle. Raises BundleError."""
    plain = name.replace("\\", "/")
    parts = [each for each in plain.split("/") if each not in {"", "."}]
    if plain.startswith("/") or ".." in parts or _DRIVE.match(plain) or not parts or "\0" in plain:
        raise BundleError(f'"{cleaned(name, 200)}" leads out of the bundle')
    return cleaned("/".join(parts), 500)


def _of_folder(path: Path) -> Iterator[Document]:
    for each in sorted(path.rglob("*")):
        if each.is_symlink():
            raise BundleError(f'"{cleaned(str(each.relative_to(path)), 200)}" is a link')
        if each.is_file():
            with each.open("rb") as file:
                name = each.relative_to(path).as_posix()
                yield Document(name=_inside(name), raw=_bounded(file, name, LARGEST))


def _of_zip(path: Path) -> Iterator[Document]:
    with zipfile.ZipFile(path) as archive:
        for each in archive.infolist():
            name = _inside(each.filename)
            if stat.S_ISLNK(each.external_attr >> 16):
                raise BundleError(f'"{name}" is a link')
            if each.is_dir():
                continue
            with archive.open(each) as file:
                yield Document(name=name, raw=_bounded(file, name, LARGEST))


def _of_tar(path: Path) -> Iterator[Document]:
    # as a stream: nothing is sought, and a bomb is met no further than we read
    with tarfile.open(path, "r|*") as archive:
        for each in archive:
            name = _inside(each.name)
            if each.isdir():
                continue
            if not each.isreg():
                raise BundleError(f'"{name}" is a link or no file')
            if each.size > LARGEST:
                raise BundleError(f'"{name}" has {each.size} octets; {LARGEST} are the most')
            file = archive.extractfile(each)
            if file is None:
                raise BundleError(f'"{name}" cannot be read')
            raw = _bounded(file, name, LARGEST)
            if len(raw) != each.size:
                raise BundleError(f'"{name}" is cut off')
            yield Document(name=name, raw=raw)
    if path.suffix in {".gz", ".tgz"}:
        _ended(path)


def _ended(path: Path) -> None:
    """Read a gzip stream to its end, where its own checksum stands: what is cut off there is told (EOFError)."""
    left = MOST_OCTETS + MOST_FILES * 1024
    with gzip.open(path) as file:
        while block := file.read(_BLOCK):
            left -= len(block)
            if left < 0:
                raise BundleError(f"more than {MOST_OCTETS} octets")


def _bounded(file: IO[bytes], name: str, most: int) -> bytes:
    raw = file.read(most + 1)
    if len(raw) > most:
        raise BundleError(f'"{cleaned(name, 200)}" has more than {most} octets')
    return raw
