"""The answering side of the benchmarks, for a process of its own: only the asking side is measured."""

import asyncio
from multiprocessing.connection import Connection

from collectors.simulate.fleet import fleet
from collectors.simulate.snmp import Network

SWITCH = "hf-acc-03"


def answer(line: Connection) -> None:
    """Answer as one switch of the fleet, and tell the port through `line`."""

    async def serve() -> None:
        device = next(each for each in fleet().devices if each.name == SWITCH)
        network = Network()
        line.send(await network.serve(device.device))
        await asyncio.Event().wait()

    asyncio.run(serve())
