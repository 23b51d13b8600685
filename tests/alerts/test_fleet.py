"""A fleet held against all advisories at once says what one by one says, and in time."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from alerts.notices.exposure import QUIET, Verdict, exposed
from alerts.notices.fleet import TOLD, Index, Unit, held, understood
from benchmarks.notices import advisories, fleet
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import advisories as read
from monitor.model import Advisory, Said, Span, Statement

FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings")) / "advisories"
STRANGE = [
    Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R019C00SPC500T"),
    Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R019C00SPC500", patch="odd"),
    Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R000C00SPC000"),
    Unit(platform="huawei_vrp", model="S7703", version="V200R013C00SPC500", patch="V200R013SPH009"),
    Unit(platform="huawei_vrp", model="S5735-S24T4X", version="V200R010C00"),
    Unit(platform="huawei_vrp", model="S5735-S24T4X", version="5.170"),
    Unit(platform="huawei_vrp", model="Quidway", version="V200R019C00SPC500"),
    Unit(platform="huawei_vrp", model="AR2220E", version="V200R008C50SPC500"),
    Unit(platform="h3c_comware", model="S5130S-28S-EI", version="7.1.070, Release 6126P20"),
    Unit(platform="dell_idrac", model="PowerEdge R740", version="4.10.10.10"),
    Unit(platform="dell_idrac", model="PowerEdge R740", version="2.10.2"),
    Unit(platform="dell_idrac", model="PowerEdge MX7000", version="2.10.10.10"),
    Unit(platform="dell_idrac", model="VRTX", version="2.10.10.10"),
]


def agree(known: Sequence[Advisory], units: Sequence[Unit]) -> int:
    """Hold `units` against `known` both ways; returns how many verdicts were not quiet."""
    count = 0
    for each in held(Index.of(known), units):
        singly = [(place, exposed(advisory, understood(each.unit))) for place, advisory in enumerate(known)]
        assert list(each.told) == [(place, one) for place, one in singly if one.verdict in TOLD], each.unit
        assert each.not_listed == sum(one.verdict is Verdict.NOT_LISTED for _, one in singly), each.unit
        count += sum(one.verdict not in QUIET for _, one in singly)
    return count


def test_a_fleet_is_judged_as_each_pair_is() -> None:
    assert agree(advisories(600), [*fleet(60, 60), *STRANGE]) > 1000


def test_odd_words_are_judged_as_each_pair_is() -> None:
    odd = [
        Advisory(name="no statements", form="csaf_2.0"),
        Advisory(name="unread", form="csaf_2.0", unparsed=("?",)),
        *(
            Advisory(
                name=f"{vendor} {product} {text}",
                form="csaf_2.0",
                title=text,
                statements=(
                    Statement(said=said, products=(product,), spans=spans, vendor=vendor, unparsed=unread, source="x"),
                ),
                unparsed=unread,
            )
            for vendor in ("Huawei", "n/a", "", "H3C", "Dell", "Other")
            for product in (
                "", "*", "S5700", "S5735-S24T4X", "s5700_firmware", "VRP", "Comware", "iDRAC9", "PowerEdge R740",
                "R740", "BIOS", "14G", "multiple products", "HG532", "CloudEngine S5735", "EMUI", "15th gen PowerEdge",
            )
            for text in ("", "a huawei switch", "Dell BIOS", "idrac of dell")
            for said in (Said.AFFECTED, Said.FIXED)
            for spans in ((), (Span(),), (Span(low="V200R019C00SPC500", high="V200R019C00SPC500", high_counts=True),))
            for unread in ((), ("words",))
        ),
    ]  # fmt: skip
    assert agree(odd, STRANGE) > 1000


@pytest.mark.skipif(not FOLDER.exists(), reason=f"no {FOLDER}; NETVIGIL_RECORDINGS names the folder")
def test_real_records_are_judged_as_each_pair_is() -> None:
    known: list[Advisory] = []
    for path in sorted(FOLDER.rglob("*.json")):
        if {"cve_v5", "nvd_1.1", "csaf"} & set(path.parts):
            try:
                known += read(path.read_bytes())
            except NotAnAdvisoryError:
                continue
    assert len(known) > 200
    assert agree(known, [*fleet(60, 60), *STRANGE]) > 500


def test_two_thousand_units_and_two_thousand_advisories_take_seconds() -> None:
    units, known = fleet(10_000, 2000), advisories(2000)
    begun = time.process_time()
    assert sum(len(each.told) for each in held(Index.of(known), dict.fromkeys(units))) > 1000
    assert time.process_time() - begun < 12  # a fifth of the advisories of the promise, in a fifth of its time
