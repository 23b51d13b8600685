"""The configurations of devices, each version of them: a git repository a customer, a file a device.

Beside the database, below the state directory. The repositories are bare and are git's own: `git log` and `git clone`
read them. Only what differs is written, and only what came whole (collectors/cli/asked.py).
"""

import difflib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IFREG
from urllib.parse import quote

from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.refs import Ref
from dulwich.repo import Repo

from monitor.model import Device

_FILE, _FOLDER = S_IFREG | 0o644, 0o040000
_HEAD = Ref(b"refs/heads/main")
_AUTHOR = b"Netvigil <netvigil@localhost>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One configuration that a device had; the first has number 1."""

    number: int
    at: datetime
    commit: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The configurations of a device by the end of a time: how many different ones, and when the last was kept.

    `changes` is how many of them came within the time; by `added` and `removed` lines the last differs from the one
    before it.
    """

    number: int
    at: datetime
    changes: int
    added: int
    removed: int


class Configurations:
    """All configurations below one state directory. Safe to be used from several threads."""

    def __init__(self, state: Path) -> None:
        """Nothing is made before the first configuration is kept."""
        self._folder = state / "configurations"
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}

    def keep(self, device: Device, text: str, at: datetime) -> int:
        """Keep `text` as the configuration of `device`; how many different ones there are now, this one included."""
        with self._lock:
            repo = self._repository(device.customer, make=True)
            assert repo is not None  # noqa: S101 - made if it was not there
            with repo:
                counts = self._counted(device.customer, repo)
                head, root = _root(repo)
                folder = _folder(repo, root, device)
                blob = Blob.from_string(text.encode("utf-8", "replace"))
                name, path = _name(f"{device.name}.cfg"), _path(device)
                if name in folder and folder[name][1] == blob.id:
                    return counts[path]
                folder.add(name, _FILE, blob.id)
                root.add(_name(device.site), _FOLDER, folder.id)
                for each in (blob, folder, root):
                    repo.object_store.add_object(each)
                commit = _commit(root, head, f"{path}\n", at)
                repo.object_store.add_object(commit)
                repo.refs.set_if_equals(_HEAD, head, commit.id)
                counts[path] += 1
                return counts[path]

    def versions(self, device: Device) -> Sequence[Version]:
        """All configurations of `device`, the newest first."""
        with self._lock:
            repo = self._repository(device.customer, make=False)
            if repo is None:
                return ()
            with repo:
                found = [commit for commit in _commits(repo) if commit.message.decode().strip() == _path(device)]
                return [
                    Version(
                        number=len(found) - n,
                        at=datetime.fromtimestamp(commit.commit_time, UTC),
                        commit=commit.id.decode(),
                        text=_text(repo, commit, device),
                    )
                    for n, commit in enumerate(found)
                ]

    def within(self, devices: Sequence[Device], start: datetime, end: datetime) -> dict[str, Within]:
        """What there was of `devices` by `end`, and what changed since `start`; each repository is read once."""
        with self._lock:
            found: dict[str, Within] = {}
            for customer in sorted({device.customer for device in devices}):
                repo = self._repository(customer, make=False)
                if repo is not None:
                    mine = {_path(device): device for device in devices if device.customer == customer}
                    with repo:
                        found |= dict(_within(repo, mine, start, end))
            return found

    def _repository(self, customer: str, *, make: bool) -> Repo | None:
        path = self._folder / f"{_name(customer).decode()}.git"
        if path.is_dir():
            return Repo(str(path))
        if not make:
            return None
        path.mkdir(parents=True, mode=0o700)
        repo = Repo.init_bare(str(path))
        repo.refs.set_symbolic_ref(Ref(b"HEAD"), _HEAD)
        return repo

    def _counted(self, customer: str, repo: Repo) -> Counter[str]:
        """How many configurations each file had; read once from the subjects of all commits."""
        if customer not in self._counts:
            self._counts[customer] = Counter(commit.message.decode().strip() for commit in _commits(repo))
        return self._counts[customer]


def difference(older: Version, newer: Version, name: str) -> str:
    """What changed from one to the other, as a unified diff; "" where nothing did."""
    was, now = (f"{name} {each.number} ({each.at:%Y-%m-%d %H:%M} UTC)" for each in (older, newer))
    before, after = (each.text.splitlines(keepends=True) for each in (older, newer))
    return "".join(difflib.unified_diff(before, after, was, now))


def _within(repo: Repo, devices: Mapping[str, Device], start: datetime, end: datetime) -> Iterator[tuple[str, Within]]:
    first, last = start.timestamp(), end.timestamp()
    of_path: dict[str, list[Commit]] = {}
    for commit in _commits(repo):  # the newest first
        path = commit.message.decode().strip()
        if path in devices and commit.commit_time < last:
            of_path.setdefault(path, []).append(commit)
    for path, commits in of_path.items():
        device = devices[path]
        news = [commit for commit in commits if commit.commit_time >= first]
        added = removed = 0
        if news and len(commits) > len(news):
            before, now = (_text(repo, commit, device).splitlines() for commit in (commits[len(news)], commits[0]))
            lines = list(difflib.unified_diff(before, now, lineterm="", n=0))[2:]
            added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
        yield (
            device.name,
            Within(
                number=len(commits),
                at=datetime.fromtimestamp(commits[0].commit_time, UTC),
                changes=len(news),
                added=added,
                removed=removed,
            ),
        )


def _commits(repo: Repo) -> list[Commit]:
    """Newest first. There is one line of them, and nobody else writes."""
    found, at = [], _head(repo)
    while at is not None:
        commit = repo[at]
        assert isinstance(commit, Commit)  # noqa: S101 - what a branch points to
        found.append(commit)
        at = commit.parents[0] if commit.parents else None
    return found


def _head(repo: Repo) -> ObjectID | None:
    head = repo.refs.read_ref(_HEAD)
    return ObjectID(head) if head else None


def _root(repo: Repo) -> tuple[ObjectID | None, Tree]:
    head = _head(repo)
    if head is None:
        return None, Tree()
    commit = repo[head]
    assert isinstance(commit, Commit)  # noqa: S101 - what a branch points to
    root = repo[commit.tree]
    assert isinstance(root, Tree)  # noqa: S101 - what a commit holds
    return head, root


def _folder(repo: Repo, root: Tree, device: Device) -> Tree:
    name = _name(device.site)
    folder = repo[root[name][1]] if name in root else Tree()
    assert isinstance(folder, Tree)  # noqa: S101 - a site is a folder
    return folder


def _text(repo: Repo, commit: Commit, device: Device) -> str:
    root = repo[commit.tree]
    assert isinstance(root, Tree)  # noqa: S101 - what a commit holds
    blob = repo[_folder(repo, root, device)[_name(f"{device.name}.cfg")][1]]
    return blob.as_raw_string().decode()


def _commit(root: Tree, parent: ObjectID | None, message: str, at: datetime) -> Commit:
    commit = Commit()
    commit.tree = root.id
    commit.parents = [parent] if parent else []
    commit.author = commit.committer = _AUTHOR
    commit.commit_time = commit.author_time = int(at.timestamp())
    commit.commit_timezone = commit.author_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode()
    return commit


def _path(device: Device) -> str:
    return f"{_name(device.site).decode()}/{_name(device.name).decode()}.cfg"


def _name(word: str) -> bytes:
    """`word` as the name of a file: never "..", nor one with a slash in it."""
    return (quote(word, safe=" @+=,") if word.strip(".") else quote(word, safe="").replace(".", "%2E") or "_").encode()
