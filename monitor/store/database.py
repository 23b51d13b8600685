"""Opens the database, brings its tables up to date, and gives out transactions.

SQLite in WAL mode with `synchronous=FULL`: what was committed survives a power cut (ADR 0004). All writing of the
daemon goes through one thread, so that transactions queue in the process instead of colliding in the file; the
command line writes from its own process and waits its turn (`busy_timeout`).

What waits for the thread is committed together: a disk that takes 5 ms for a commit would otherwise take 50 s for the
visits of 5,000 devices that went down at once. Each work is a savepoint of its own, so that one that raises undoes
nothing of the others, and is told that it is done only when it is on disk.
"""

import asyncio
import fcntl
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Self, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event

T = TypeVar("T")
FILE_NAME = "netvigil.sqlite3"
_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_TOGETHER = 64  # works in one commit at most …
_TOGETHER_SECONDS = 0.2  # … and for so long, because others wait for it


class StateDirectoryError(Exception):
    """The state directory cannot be used; the message says why and what to do."""


@dataclass(slots=True)
class _Waiting:
    """A work of the daemon, and who waits for it."""

    work: Callable[[Connection], Any]
    done: asyncio.Future[Any]
    result: Any = None
    failed: BaseException | None = None

    def tell(self) -> None:
        """Say what came of it. Called in the loop of who waits."""
        if self.done.done():
            return
        if self.failed is not None:
            self.done.set_exception(self.failed)
        else:
            self.done.set_result(self.result)


class Store:
    """One database file. `do` and `ask` serve the daemon; `writing` and `reading` serve code that may wait."""

    def __init__(
        self, directory: Path, *, exclusive: bool = False, committed: Callable[[timedelta], None] | None = None
    ) -> None:
        """Open the store below `directory`, creating and migrating it where needed.

        `exclusive` takes the daemon's lock. `committed` is told how long each transaction of `do` took. Raises
        StateDirectoryError where the directory cannot be written to, or another daemon holds it.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateDirectoryError(
                f"{directory}: cannot be created ({error.strerror}); set [daemon] state"
            ) from error
        self._lock = _locked(directory) if exclusive else None
        self._committed = committed
        self.directory = directory
        self._engine = _engine(directory / FILE_NAME)
        with self._engine.connect() as connection:
            _migrated(connection)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-reader")
        self._waiting: deque[_Waiting] = deque()
        self._soon: deque[_Waiting] = deque()

    async def do(self, work: Callable[[Connection], T], *, soon: bool = False) -> T:
        """`work` in a write transaction, on disk when this returns; nothing of it is where it raises.

        `soon` goes before what waits, and into the commit under way, which ends with it.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        (self._soon if soon else self._waiting).append(_Waiting(work, done))
        try:
            # Each work brings a turn of the thread, which may do others too, and finds nothing where it was done.
            await loop.run_in_executor(self._writer, self._written)
            return await done
        except asyncio.CancelledError:
            done.cancel()
            raise

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """`question` in one read transaction: it sees one consistent moment and holds up nobody."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, question)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction, for code that may block."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read transaction, for code that may block."""
        with self._engine.connect().execution_options(reading=True) as connection, connection.begin():
            yield connection

    def _written(self) -> None:
        """Do what waits, in one transaction, and tell everyone when it is on disk. In the thread that writes."""
        if not self._waiting and not self._soon:  # done together with one before it
            return
        begun = perf_counter()
        taken: list[_Waiting] = []
        try:
            with self.writing() as connection:
                hurries = False
                while self._soon or (
                    self._waiting and not hurries and (not taken or _has_room(len(taken), perf_counter() - begun))
                ):
                    hurries = hurries or bool(self._soon)
                    one = (self._soon or self._waiting).popleft()
                    if not one.done.cancelled():
                        taken.append(one)
                        _tried(one, connection, is_alone=len(taken) == 1 and not self._waiting and not self._soon)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told to those who wait for it
            for one in taken:
                one.failed = one.failed or error
        if self._committed is not None:
            self._committed(timedelta(seconds=perf_counter() - begun))
        for one in taken:
            with suppress(RuntimeError):  # the loop of who waits was closed meanwhile
                one.done.get_loop().call_soon_threadsafe(one.tell)

    def _read(self, question: Callable[[Connection], T]) -> T:
        with self.reading() as connection:
            return question(connection)

    def close(self) -> None:
        """Finish what was begun, then give back threads, connections and the lock."""
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _has_room(taken: int, seconds: float) -> bool:
    return taken < _TOGETHER and seconds < _TOGETHER_SECONDS


def _tried(one: _Waiting, connection: Connection, *, is_alone: bool) -> None:
    """Do one work. One that is alone needs no savepoint: where it raises, all is undone."""
    if is_alone:
        one.result = one.work(connection)
        return
    try:
        # A savepoint in plain words: SQLAlchemy's own takes as long as five questions, and nothing here needs it.
        connection.exec_driver_sql("SAVEPOINT work")
        one.result = one.work(connection)
    except Exception as error:  # noqa: BLE001 - it is raised to the one who waits for it
        one.failed = error
        connection.exec_driver_sql("ROLLBACK TO work")
    connection.exec_driver_sql("RELEASE work")


def _locked(directory: Path) -> Any:
    try:
        # Held open for as long as the store is; flock ends with the process, however that ends.
        lock = (directory / "netvigil.lock").open("w")
    except OSError as error:
        raise StateDirectoryError(f"{directory}: cannot be written to ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StateDirectoryError(
            f"{directory}: another netvigil daemon is running on this state directory; stop it, or set [daemon] state"
        ) from error
    return lock


def _engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepared(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_SECONDS}000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A writer takes the lock at once: upgrading a read lock later fails without waiting (SQLITE_BUSY_SNAPSHOT).
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _migrated(connection: Connection) -> None:
    versions = _MIGRATIONS / "versions"
    newest = max(file.stem[1:5] for file in versions.glob("r[0-9][0-9][0-9][0-9]_*.py"))
    with connection.begin():
        if _revision(connection) == newest:
            return
        # A command about one ticket need not read alembic, nor all migrations, to learn that nothing is to be done.
        from alembic import command  # noqa: PLC0415 - see above
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str:
    known = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
    if not connection.exec_driver_sql(known).scalar():
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")
