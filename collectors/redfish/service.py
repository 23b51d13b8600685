"""What stands between the walk over resources (walk.py) and where documents come from: a server, or a folder."""

from typing import Protocol

from collectors.looks import Blind
from collectors.redfish.documents import Document
from collectors.snmp.reader import Ending


class UnreadError(Exception):
    """One document was not read; `ending` says why, None where there is no such resource."""

    def __init__(self, ending: Ending | None) -> None:
        """Keep the reason."""
        super().__init__(str(ending or "missing"))
        self.ending = ending


class BlindError(Exception):
    """The whole service keeps us out, or is not there."""

    def __init__(self, blind: Blind) -> None:
        """Keep the reason."""
        super().__init__(str(blind))
        self.blind = blind


class Service(Protocol):
    """A Redfish service. Raises UnreadError and BlindError, and nothing else for what a device does."""

    @property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The members of collections as they were last, kept from look to look.

        Those that hardly change (systems, chassis, managers) are not asked again; of a log they say what is known.
        """

    async def get(self, path: str) -> Document:
        """The document at `path`."""

    async def expanded(self, path: str) -> Document:
        """The same with what it links to inside, where the service can do that; else as it is."""
