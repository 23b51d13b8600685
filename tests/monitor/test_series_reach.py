"""Whether devices are there, as Prometheus text; what the parser of prometheus-client reads out of it."""

import asyncio
import socket

from prometheus_client.parser import text_string_to_metric_families

from collectors.reach import Reach, There
from monitor.model import Device
from monitor.series import Series
from monitor.series_reach import ReachSeries

CORE = Device(name="core-1", address="127.0.0.1", customer="cdc", site="hefei")
LOST = Device(name="lost", address="nowhere.invalid", customer="cdc", site="hefei")


async def test_what_is_known_of_devices_is_told_and_what_is_not_has_its_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach = Reach(lambda _: None, interval=0.1, patience=0.1, ports=[server.getsockname()[1]])
        told = ReachSeries(reach)
        series = Series(told)
        told.load({each.name: each for each in (CORE, LOST)})
        reach.start()
        reach.load([(each.name, each.address) for each in (CORE, LOST)])
        for _ in range(200):
            known = reach.all()
            if known["core-1"].there is There.UP and known["lost"].reason == "unresolved":
                break
            await asyncio.sleep(0.05)
        text = b"".join(series.joined()).decode()
        one = series.of("core-1")
        await reach.close()
    samples = {
        (sample.name, sample.labels["target"]): (sample.value, sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["netvigil_reachable", "core-1"][0] == 1
    assert samples["netvigil_packet_loss_ratio", "core-1"][0] == 0
    assert 0 < samples["netvigil_round_trip_seconds", "core-1"][0] < 1
    assert samples["netvigil_reach_unknown", "lost"][1]["reason"] == "unresolved"
    assert ("netvigil_reachable", "lost") not in samples
    assert text.count("# TYPE netvigil_reachable ") == 1
    assert one is not None
    assert b'netvigil_reachable{target="core-1"' in one
