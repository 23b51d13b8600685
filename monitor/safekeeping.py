"""A copy of all that the daemon knows, in one file, made while it runs; whether such a copy is whole; and back again.

The database is copied by SQLite itself (its online backup: one consistent moment, writers go on), everything else in
the state directory after it: attachments are on disk before the row that names them, and never change. Of a repository
of configurations the references come before the objects, since git writes them in the other order. The last member
lists all others with their SHA-256: a copy that was cut off has none, and is seen as what it is.
"""

import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from alembic.util import CommandError
from sqlalchemy import Connection

from monitor.store import attachments, chain
from monitor.store import database as disk_of
from monitor.store.database import Store

MANIFEST = "MANIFEST.json"
STATE, CONFIG = "state", "config"
_FORMAT = 1
_LEFT_OUT = {f"{disk_of.FILE_NAME}{end}" for end in ("", "-wal", "-shm", "-journal")} | {"netvigil.lock"}
_CONFIGURATION = {".toml", ".csv"}
_PIECE = 1024 * 1024
_WANT = 20  # problems that are told one by one


class BackupError(Exception):
    """The copy cannot be made, read or put back; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy: its file, when it was made, by which version, how many files and octets it holds."""

    file: Path
    at: datetime
    netvigil: str
    files: int
    octets: int


def made(state: Path, config: Path, target: Path, now: datetime) -> Copy:
    """Copy `state` and the files of `config` into the file `target`, or into a new file in the folder `target`.

    The file appears when it is whole, and is readable by its owner alone. Raises BackupError.
    """
    if not (state / disk_of.FILE_NAME).is_file():
        raise BackupError(f"{state}: there is no {disk_of.FILE_NAME}; is this the [daemon] state of a daemon that ran?")
    file = target / f"netvigil-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target
    if file.resolve().is_relative_to(state.resolve()):
        raise BackupError(f"{file}: lies in the state directory {state}, which is what is copied; choose another place")
    if file.exists():
        raise BackupError(f"{file}: is there already; it is not overwritten")
    try:
        with tempfile.TemporaryDirectory(prefix=".netvigil-", dir=file.parent) as folder:
            draft = Path(folder) / "draft.tar"
            known = _written(draft, state, config, Path(folder), now)
            with draft.open("rb") as whole:
                os.fsync(whole.fileno())
            os.link(draft, file)  # fails where somebody else has made it meanwhile
        _synced(file.parent)
    except OSError as error:
        raise BackupError(f"{file}: cannot be written ({error.strerror})") from error
    except sqlite3.Error as error:
        raise BackupError(f"{state / disk_of.FILE_NAME}: cannot be read ({error})") from error
    return _copy(file, known)


def _written(draft: Path, state: Path, config: Path, folder: Path, now: datetime) -> dict[str, object]:
    members: dict[str, dict[str, object]] = {}
    with _private(draft) as raw, tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        database = folder / disk_of.FILE_NAME
        _database_copied(state / disk_of.FILE_NAME, database)
        members[f"{STATE}/{disk_of.FILE_NAME}"] = _added(tar, database, f"{STATE}/{disk_of.FILE_NAME}")
        database.unlink()
        for root, name in ((state, STATE), (config, CONFIG)):
            for path in _files(root, only=_CONFIGURATION if name == CONFIG else None):
                member = f"{name}/{path.relative_to(root).as_posix()}"
                with suppress(FileNotFoundError):  # something of the moment, gone meanwhile
                    members[member] = _added(tar, path, member)
        known = {"format": _FORMAT, "at": now.isoformat(), "netvigil": version("netvigil"), "files": members}
        body = json.dumps(known, indent=1, ensure_ascii=False).encode()
        tar.addfile(_info(MANIFEST, len(body)), io.BytesIO(body))
    return known


def _private(path: Path) -> BinaryIO:
    """A new file, for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _database_copied(source: Path, target: Path) -> None:
    line = f"{source.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(line, uri=True, timeout=30)) as here, closing(sqlite3.connect(target)) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    target.chmod(0o600)


def _files(root: Path, only: set[str] | None) -> Iterator[Path]:
    found = [
        path
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name not in _LEFT_OUT and path.suffix != ".lock"
    ]
    wanted = [path for path in found if only is None or path.suffix in only]
    return iter(sorted(wanted, key=lambda path: ("objects" in path.relative_to(root).parts, path.as_posix())))


def _added(tar: tarfile.TarFile, path: Path, name: str) -> dict[str, object]:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        counted = _Counted(file)
        tar.addfile(_info(name, size), counted)  # type: ignore[arg-type]  # it has all that is asked of it: read
    return {"octets": size, "sha256": counted.digest.hexdigest()}


class _Counted:
    """A file that is hashed as it is read."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, most: int) -> bytes:
        """The next octets."""
        found = self._file.read(most)
        self.digest.update(found)
        return found


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def checked(file: Path) -> tuple[Copy, tuple[str, ...]]:
    """What the copy is, and what is wrong with it: nothing where it can be put back. Raises BackupError."""
    beside = file.parent if os.access(file.parent, os.W_OK) else None  # where there is room for one there is for two
    with tempfile.TemporaryDirectory(prefix=".netvigil-", dir=beside) as folder:
        copy, problems = _unpacked(file, Path(folder))
        if not problems:
            problems = tuple(_troubles(Path(folder) / STATE))
    return copy, problems


def restored(file: Path, state: Path) -> Copy:
    """Put the copy back into the state directory, which is new or empty. Raises BackupError; then nothing is there."""
    left = sorted(path.name for path in state.iterdir()) if state.is_dir() else []
    if left:
        raise BackupError(f"{state}: is not empty ({', '.join(left[:3])}); stop the daemon and move it away first")
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".netvigil-", dir=state.parent) as folder:
            copy, problems = _unpacked(file, Path(folder))
            problems = problems or tuple(_troubles(Path(folder) / STATE))
            if problems:
                raise BackupError(f"{file}: is not whole, and was not put back: {problems[0]}")
            whole = Path(folder) / STATE
            whole.chmod(0o700)
            if state.is_dir():  # it may be one that only its owner's folder lets us fill, such as systemd's
                for path in whole.iterdir():
                    path.rename(state / path.name)
            else:
                whole.rename(state)
    except OSError as error:
        raise BackupError(f"{state}: cannot be written ({error.strerror})") from error
    return copy


def _unpacked(file: Path, folder: Path) -> tuple[Copy, tuple[str, ...]]:
    """The files of the copy below `folder`, each held against the list. Raises BackupError where it is none."""
    found: dict[str, tuple[int, str]] = {}
    known: dict[str, object] | None = None
    problems = []
    try:
        with tarfile.open(file, mode="r:") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None or not _is_ours(info.name):
                    problems.append(f"{info.name}: no file of ours")
                elif info.name == MANIFEST:
                    known = json.loads(content.read())
                else:
                    found[info.name] = _kept(content, folder / info.name)
    except OSError as error:
        raise BackupError(f"{file}: cannot be read ({error.strerror or error})") from error
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise BackupError(f"{file}: is no backup, or is cut off ({error})") from error
    listed = known.get("files") if isinstance(known, dict) else None
    if known is None or known.get("format") != _FORMAT or not isinstance(listed, Mapping):
        raise BackupError(f"{file}: is no backup of ours, or is cut off: it has no {MANIFEST} that can be read")
    needed = {*listed, f"{STATE}/{disk_of.FILE_NAME}"}
    problems += [f"{name}: is missing" for name in sorted(needed - found.keys())]
    problems += [f"{name}: is not on the list" for name in sorted(found.keys() - listed.keys())]
    problems += [
        f"{name}: is not what it was"
        for name, (size, digest) in sorted(found.items())
        if name in listed and listed[name] != {"octets": size, "sha256": digest}
    ]
    return _copy(file, known), tuple(problems)


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    is_plain = not path.is_absolute() and ".." not in path.parts
    return name == MANIFEST or (is_plain and len(path.parts) > 1 and path.parts[0] in {STATE, CONFIG})


def _kept(content: IO[bytes], path: Path) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    with _private(path) as file:
        while piece := content.read(_PIECE):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _troubles(state: Path) -> Iterator[str]:
    """What is wrong with an unpacked state directory, in words. Migrates its database, as the next start would."""
    with closing(sqlite3.connect(state / disk_of.FILE_NAME)) as file:
        try:
            said = [row[0] for row in file.execute("PRAGMA integrity_check")]
            keys = file.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:
            said, keys = [str(error)], []
    if said != ["ok"]:
        yield f"the database is damaged: {said[0]}"
        return
    if keys:
        yield f"the database has {len(keys)} rows that lead nowhere (foreign keys)"
    try:
        with Store(state) as store, store.reading() as reading:
            yield from _inconsistent(reading, state)
    except CommandError as error:
        yield f"the database is of a newer Netvigil than this one ({error})"
    for name in _LEFT_OUT - {disk_of.FILE_NAME}:
        (state / name).unlink(missing_ok=True)


def _inconsistent(disk: Connection, state: Path) -> Sequence[str]:
    found = [
        f"the chain of ticket entries is broken at entry {each.entry} ({each.ticket}): {each.says}"
        for each in chain.verified(disk).breaks
    ]
    for digest in attachments.digests(disk):
        try:
            attachments.read(state, digest)
        except attachments.NoSuchAttachmentError as error:
            found.append(str(error))
    return found[:_WANT]


def _copy(file: Path, known: Mapping[str, object]) -> Copy:
    members = known["files"]
    at = datetime.fromisoformat(str(known.get("at", "")))
    assert isinstance(members, Mapping)  # noqa: S101 - looked at before
    octets = sum(each["octets"] for each in members.values())
    return Copy(file=file, at=at, netvigil=str(known.get("netvigil", "")), files=len(members), octets=octets)


def _synced(folder: Path) -> None:
    line = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(line)
    finally:
        os.close(line)
