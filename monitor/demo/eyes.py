"""What the demo shows to the eyes beside SNMP: a server over Redfish, and the command line of one switch of the fleet.

Certificate and host key lie beside the configuration, because the daemon remembers whom it saw first.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from collectors.simulate.breakage import Breakage, Changes
from collectors.simulate.fleet import HEFEI, backup_server
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.ssh import Shell, host_key, serving
from monitor.model import Condition

SERVER, SERVER_TITLE, SERVER_SITE = "hf-srv-03", "Backup server", HEFEI
SWITCH = "hf-acc-02"
USER, PASSWORD = "netvigil", "demo-password"
_RUNNING, _SAVED = "display current-configuration", "display saved-configuration"
_CONFIGURATION = b"#\nsysname HF-ACC-02\n#\nvlan batch 10 20\n%s#\nreturn\n"


@dataclass(frozen=True, slots=True)
class _Server:
    """Breaks the server: the name of a breakage is that of a trouble of the fleet's."""

    server: RedfishServer

    def put(self, name: str, changes: Changes) -> None:
        del changes
        self.server.tree = backup_server(name)

    def take(self, name: str) -> None:
        del name
        self.server.tree = backup_server()


@dataclass(frozen=True, slots=True)
class _CommandLine:
    """Changes what the switch runs with; what is saved stays."""

    outputs: dict[str, bytes]

    def put(self, name: str, changes: Changes) -> None:
        del name, changes
        self.outputs[_RUNNING] = _CONFIGURATION % b"#\nvlan 30\n description forgotten\n"

    def take(self, name: str) -> None:
        del name
        self.outputs[_RUNNING] = _CONFIGURATION % b""


@dataclass(slots=True, kw_only=True)
class Eyes:
    """The server and the command line, on ports of this machine."""

    folder: Path
    server: RedfishServer = field(
        default_factory=lambda: RedfishServer(tree=backup_server(), user=USER, password=PASSWORD)
    )
    outputs: dict[str, bytes] = field(default_factory=lambda: dict.fromkeys((_RUNNING, _SAVED), _CONFIGURATION % b""))
    ssh_port: int = 0
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def breakages(self) -> tuple[Breakage, ...]:
        """What breaks that only these eyes see."""
        disk, running = "Disk 0 in Backplane 1 of Integrated RAID Controller 1", "Configuration"
        return (
            Breakage(name="disk_failed", device=SERVER, kind="disk", label=disk, aspect="state",
                     condition=Condition.FAILED, bench=_Server(self.server)),
            Breakage(name="unsaved", device=SWITCH, kind="system", label=running, aspect="configuration",
                     condition=Condition.DEGRADED, bench=_CommandLine(self.outputs)),
        )  # fmt: skip

    async def open(self) -> None:
        """Answer from now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await self.server.start(certificate(self.folder))
        self._open.push_async_callback(self.server.stop)
        kept = self.folder / "ssh.key"
        if not kept.exists():
            kept.write_bytes(host_key().export_private_key())
        shell = Shell(name="HF-ACC-02", outputs=self.outputs, user=USER, password=PASSWORD)
        key = asyncssh.read_private_key(str(kept))
        self.ssh_port = await self._open.enter_async_context(serving(shell, key=key))

    async def close(self) -> None:
        """Answer no more."""
        await self._open.aclose()
