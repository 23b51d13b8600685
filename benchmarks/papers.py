"""What the documents of a large customer cost: `python -m benchmarks.papers` makes an inspection of 1,000 devices.

Forty checks for each device, 60 charts, in both languages and all forms; wall time, and the memory of all processes
together at its highest.
"""

import gc
import json
import os
import random
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from alerts.papers.apart import Order, rendered_apart
from alerts.papers.forms import Form
from alerts.papers.paper import (
    Chart,
    Column,
    Figure,
    Heading,
    Line,
    Mark,
    Paper,
    Paragraph,
    Row,
    Signatures,
    Table,
    Tone,
)
from monitor.model import Language

DEVICES, CHECKS, CHARTS = 1000, 40, 60
_NOON = datetime(2026, 11, 1, 4, tzinfo=UTC)
_HEADS = {
    Language.EN: ("Item", "Command or OID", "Standard", "Measured", "Result", "Evidence"),
    Language.ZH_CN: ("检查项", "命令或 OID", "标准", "实测值", "结果", "证据"),
}
_SAID = {
    Language.EN: ("power supply PSU", "temperature", "10 °C to 65 °C", "normal", "abnormal", "Check sheets", "Trends"),
    Language.ZH_CN: ("电源 PSU", "温度", "10 ℃ 至 65 ℃", "正常", "异常", "逐台检查表", "趋势分析"),
}
_KEYS = ("item", "source", "standard", "measured", "result", "evidence")
_SHARES = (1.6, 1.8, 1.0, 0.8, 0.8, 1.8)


def inspection(language: Language, devices: int = DEVICES) -> Paper:
    """A paper as the inspection of so many devices."""
    chance = random.Random(7)  # noqa: S311 - the same paper at each run
    part, _, _, _, _, sheets, trends = _SAID[language]
    columns = tuple(
        Column(key=key, title=title, share=share)
        for key, title, share in zip(_KEYS, _HEADS[language], _SHARES, strict=True)
    )
    blocks: list[Heading | Table | Chart | Paragraph | Signatures] = [Heading(level=1, text=sheets, key="sheets")]
    for at in range(devices):
        blocks.append(Heading(level=2, text=f"sw-hefei-{at:04d} S5735-L48T4X-A", key=f"sheets.{at}"))
        rows = tuple(_row(language, part, check, chance) for check in range(CHECKS))
        blocks.append(Table(key=f"checks.{at}", title="", columns=columns, rows=rows, empty="", group="checks"))
    blocks.append(Heading(level=1, text=trends, key="trends"))
    blocks += [_chart(at, chance) for at in range(CHARTS)]
    blocks.append(Signatures(roles=("A", "B", "C")))
    return Paper(
        kind="inspection",
        title="Monthly inspection report" if language is Language.EN else "月度巡检报告",
        subtitle="2026-10",
        number="NV-XJ-202610-0001",
        version=1,
        language=language,
        zone="Asia/Shanghai",
        made_at=_NOON,
        tool_version="0.1.0",
        facts="0" * 64,
        blocks=tuple(blocks),
        company="Netvigil",
    )


def _row(language: Language, part: str, at: int, chance: random.Random) -> Row:
    _, aspect, standard, good, bad, _, _ = _SAID[language]
    is_bad = chance.random() < 0.01  # noqa: PLR2004 - one of a hundred
    mark = Mark(sign="×", text=bad, tone=Tone.BAD) if is_bad else Mark(sign="√", text=good, tone=Tone.GOOD)
    return Row(
        cells=(
            f"{part} {at} – {aspect}",
            f"1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11.{chance.randrange(10**8)}",
            standard,
            Figure(value=chance.uniform(20, 70), unit="celsius"),
            mark,
            f"hwEntityTemperature {chance.randrange(20, 70)} 2026-10-31 23:59",
        ),
        tone=Tone.BAD if is_bad else Tone.PLAIN,
    )


def _chart(at: int, chance: random.Random) -> Chart:
    days = [_NOON - timedelta(days=31 - day) for day in range(31)]
    values = [(day, 40 + chance.uniform(-3, 3)) for day in days]
    return Chart(
        key=f"chart.{at}",
        title=f"sw-hefei-{at:04d} CPU",
        unit="celsius",
        lines=(
            Line(name="CPU 1", points=tuple(values), band=tuple((day, value - 4, value + 5) for day, value in values)),
            Line(name="CPU 2", points=tuple((day, value - 11) for day, value in values)),
        ),
        limits=(("limit", 65.0),),
    )


def main() -> None:
    """Make all documents, and print what they cost."""
    devices = int(sys.argv[1]) if len(sys.argv) > 1 else DEVICES
    papers = {language: inspection(language, devices) for language in Language}
    orders = [Order(paper=paper, forms=list(Form)) for paper in papers.values()]
    gc.collect()
    done = Event()
    highest = [0]
    watch = Thread(target=watched, args=(done, highest))
    watch.start()
    begun, before = time.perf_counter(), _processor()
    try:
        made = rendered_apart(orders)
    finally:
        done.set()
        watch.join()
    figures = {
        "devices": devices,
        "rows": devices * CHECKS,
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(_processor() - before, 1),
        "megabytes": round(highest[0] / 1e6),
        "files_kB": {
            f"{language.value}.{form.value}": len(content) // 1000
            for language, forms in zip(papers, made, strict=True)
            for form, content in forms.items()
        },
    }
    print(json.dumps(figures, indent=1))  # noqa: T201 - its purpose


def _processor() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def watched(done: Event, highest: list[int]) -> None:
    """The memory of this process and all below it, at its highest; what they share is counted once."""
    while not done.wait(0.2):
        highest[0] = max(highest[0], sum(_memory(each) for each in _family()))


def _family() -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    found = [os.getpid()]
    for each in found:
        found += parents.get(each, [])
    return found


def _memory(process: int) -> int:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
