"""PySNMP as those who use it call it: its command generators, one GETBULK over all columns of a table at a time.

Names are not looked up in MIBs (`lookupMib`), which would take it three times as long. Replies that are cut in mid-row
are gone on from, and values are taken as they come. Our own reader on PySNMP (collectors/snmp/pysnmp_reader.py) goes
round the command generators and takes about half.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]  # PySNMP has no types
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)

from benchmarks.switch import REQUEST, VALUES
from collectors.snmp.reader import Community, Credential

_REPETITIONS: Final = 20
_Oid = tuple[int, ...]


async def cpu_ms(port: int, credential: Credential, rounds: int) -> list[float]:
    """The processor time of each of so many reads of the switch at `port`. Raises RuntimeError where one lacks any."""
    engine = SnmpEngine()
    target = await UdpTransportTarget.create(("127.0.0.1", port), timeout=2, retries=1)
    peer, costs = _Peer(engine, _auth(credential), target, ContextData()), list[float]()
    try:
        for _ in range(rounds):
            begun = time.process_time()
            told = await peer.read()
            costs.append((time.process_time() - begun) * 1000)
            if told != VALUES:
                raise RuntimeError(f"PySNMP read {told} of {VALUES} values")
    finally:
        engine.close_dispatcher()
    return costs


def _auth(credential: Credential) -> Any:
    if isinstance(credential, Community):
        return CommunityData(credential.community, mpModel=1)  # noqa: S508 - a made-up switch; v3 is measured, too
    return UsmUserData(
        credential.user,
        credential.auth_key,
        credential.priv_key,
        authProtocol=usmHMACSHAAuthProtocol,  # as USER of switch.py has it
        privProtocol=usmAesCfb128Protocol,
    )


class _Peer:
    """One device, asked by PySNMP. Its arguments are those that all its command generators begin with."""

    def __init__(self, *whom: Any) -> None:
        self._whom = whom

    async def read(self) -> int:
        """Read all that REQUEST asks; how many values came."""
        told = len(await self._asked(get_cmd, (), REQUEST.scalars))
        for columns in REQUEST.tables:
            told += await self._table([tuple(map(int, column.split("."))) for column in columns])
        return told

    async def _table(self, roots: Sequence[_Oid]) -> int:
        told, at = 0, dict(enumerate(roots))
        while at:
            asked, ended = list(at), set[int]()
            for place, (name, _) in enumerate(await self._asked(bulk_cmd, (0, _REPETITIONS), list(at.values()))):
                column, oid = asked[place % len(asked)], tuple(name)
                if column in ended:
                    continue
                if oid[: len(roots[column])] != roots[column] or oid == at[column]:
                    ended.add(column)
                else:
                    at[column] = oid
                    told += 1
            for column in ended:
                del at[column]
        return told

    async def _asked(self, command: Any, more: tuple[int, ...], oids: Sequence[str | _Oid]) -> Sequence[Any]:
        names = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        error, status, _, bindings = await command(*self._whom, *more, *names, lookupMib=False)
        if error or status:
            raise RuntimeError(f"PySNMP was answered {error or status}")
        answered: Sequence[Any] = bindings
        return answered
