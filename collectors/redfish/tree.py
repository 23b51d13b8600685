"""A recorded Redfish service in place of a real one: a folder of JSON as mockup creators write it.

Each resource is an `index.json` in the folder of its path, with or without `redfish/v1` above. What was not recorded is
not there; a collection that was not recorded has the folders below it as members.
"""

from collections.abc import Sequence
from pathlib import Path

from collectors.looks import Door, LookReader, Seen
from collectors.plan import Origin
from collectors.recording import NotARecordingError
from collectors.redfish.documents import ID, Document, NotADocumentError, parsed
from collectors.redfish.service import UnreadError
from collectors.redfish.walk import Walk
from collectors.snmp.reader import Budget, Ending

ROOT = "/redfish/v1"
_WELL_KNOWN = ("Systems", "Chassis", "Managers")


def recorded_tree(folder: Path) -> "TreeReader":
    """A reader over the tree in `folder`. Raises NotARecordingError where there is none."""
    for root in (folder / "redfish" / "v1", folder / "v1", folder):
        if any((root / name).is_dir() for name in _WELL_KNOWN):
            return TreeReader(root)
    raise NotARecordingError(f"{folder}: not a recording: no Redfish tree (redfish/v1 with {', '.join(_WELL_KNOWN)})")


class TreeReader(LookReader):
    """Sees what was recorded, whoever asks and whatever the password."""

    def __init__(self, root: Path) -> None:
        """The folder that stands for `/redfish/v1`."""
        self._tree = Tree(root)

    async def read(self, door: Door, origins: Sequence[Origin], budget: Budget) -> Seen:  # noqa: ARG002 - its words
        """The rows of `origins`, as far as they were recorded."""
        return Seen(rows=await Walk(self._tree, budget).tables(origins))

    async def close(self) -> None:
        """Nothing is held."""


class Tree:
    """The folder as a service that does not expand."""

    def __init__(self, root: Path) -> None:
        """The folder that stands for `/redfish/v1`."""
        self._root = root
        self.members: dict[str, tuple[str, ...]] = {}

    async def get(self, path: str) -> Document:
        """The document at `path`."""
        try:
            return parsed((self._folder(path) / "index.json").read_bytes())
        except NotADocumentError:
            raise UnreadError(Ending.ERROR_STATUS) from None
        except OSError:
            raise UnreadError(None) from None

    async def expanded(self, path: str) -> Document:
        """The document at `path`, as wide as it was recorded; where it was not, a collection of the folders there."""
        try:
            return await self.get(path)
        except UnreadError as error:
            folder = self._folder(path)
            if error.ending is not None or not folder.is_dir():
                raise
            inside = sorted(each.name for each in folder.iterdir() if each.is_dir())
            return {ID: path, "Members": [{ID: f"{path.rstrip('/')}/{name}"} for name in inside]}

    def _folder(self, path: str) -> Path:
        if not path.startswith(ROOT) or ".." in path:
            raise UnreadError(None)
        return self._root / path.removeprefix(ROOT).strip("/")
