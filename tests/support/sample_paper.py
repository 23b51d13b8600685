"""Papers for tests: one with every kind of block and with words of hostile devices in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alerts.papers.paper import (
    Blank,
    Block,
    Cell,
    Chart,
    Column,
    Diagram,
    Evidence,
    Figure,
    Heading,
    Line,
    Link,
    Mark,
    Moment,
    Node,
    PageBreak,
    Pairs,
    Paper,
    Paragraph,
    Row,
    Signatures,
    Table,
    Tone,
)
from monitor.model import Language

NOON = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}{% for a in b %}",
    '#import "@preview/x:1.0.0": * #panic() $x$ *bold* _it_ `raw` \\ @ref <label>',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(1)",
    "'quoted'",
    "right\u202eto left\u202c",
    "nul\x00 bell\x07 esc\x1b[31m del\x7f",
    "w" * 65536,
    "emoji 💩👩‍👩‍👧 flag 🇨🇳",
    "rare 𠀀𪚥 丨 ﷽ ไทย עברית ѣ",
    "]]></w:t><w:p/>&amp;&lt;",
    "_x0041_ Excel",
    "https://example.org/" + "path/" * 60,
    "1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11." * 8 + "1",
    "核心交换机机房三楼东侧第二列第四机柜" * 12,
    "\ufffe\uffff non-characters \ue000",
    "  blanks   in    between  ",
)
SAID = {
    Language.EN: {
        "title": "Monthly inspection report",
        "subtitle": "Hefei centre, October 2026",
        "confidential": "Internal",
        "company": "Example Systems Ltd",
        "customer": "Centre for Disease Control",
        "one": "Scope",
        "two": "Check sheets",
        "three": "Trends",
        "text": "All devices of the site were read on 31 October 2026. Two of them did not answer; nothing is claimed "
        "of their state. " * 3,
        "normal": "normal",
        "abnormal": "abnormal",
        "item": "Item",
        "standard": "Standard",
        "measured": "Measured",
        "result": "Result",
        "evidence": "Evidence",
        "when": "Read at",
        "part": "power supply PSU",
        "none": "There was none in this month.",
        "limit": "limit of the part",
        "forecast": "forecast",
        "remark": "Remark",
        "role": "Inspecting engineer",
    },
    Language.ZH_CN: {
        "title": "月度巡检报告",
        "subtitle": "合肥中心　2026 年 10 月",
        "confidential": "内部资料",
        "company": "示例系统集成有限公司",
        "customer": "疾病预防控制中心",
        "one": "巡检范围",
        "two": "逐台检查表",
        "three": "趋势分析",
        "text": "2026 年 10 月 31 日对本站点全部设备进行了读取，其中两台设备无应答；对其状态不作任何结论，"
        "详见“未覆盖设备”一节（含原因）。" * 4,
        "normal": "正常",
        "abnormal": "异常",
        "item": "检查项",
        "standard": "标准",
        "measured": "实测值",
        "result": "结果",
        "evidence": "证据",
        "when": "读取时间",
        "part": "电源 PSU",
        "none": "本月无此类记录。",
        "limit": "部件自身门限",
        "forecast": "预测",
        "remark": "备注",
        "role": "巡检工程师",
    },
}


def paper(language: Language = Language.EN, *blocks: Block) -> Paper:
    """A small paper of `blocks`."""
    said = SAID[language]
    return Paper(
        kind="inspection",
        title=said["title"],
        subtitle=said["subtitle"],
        number="NV-XJ-202610-HF01",
        version=2,
        language=language,
        zone="Asia/Shanghai",
        made_at=NOON,
        tool_version="0.1.0",
        facts="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        blocks=blocks,
        company=said["company"],
        customer=said["customer"],
        confidential=said["confidential"],
        terms=(
            ("Site" if language is Language.EN else "站点", "Hefei 合肥"),
            ("Period" if language is Language.EN else "周期", Moment(at=NOON, day=True)),
        ),
        data={"month": "2026-10"},
    )


def checks(language: Language, key: str, count: int, title: str = "sw-core-1") -> Table:
    """A check sheet of `count` rows."""
    said = SAID[language]
    return Table(
        key=key,
        title=title,
        group="checks",
        columns=(
            Column(key="item", title=said["item"], share=2),
            Column(key="source", title="OID", share=2),
            Column(key="standard", title=said["standard"]),
            Column(key="measured", title=said["measured"]),
            Column(key="result", title=said["result"]),
            Column(key="at", title=said["when"], share=1.3),
        ),
        rows=tuple(check(language, at) for at in range(count)),
        empty=said["none"],
    )


def check(language: Language, at: int) -> Row:
    """A row of a check sheet; each seventh is abnormal."""
    said = SAID[language]
    bad = at % 7 == 3
    values: tuple[Cell, ...] = (
        Figure(value=21.5 + at / 8, unit="celsius"),
        Figure(value=0.125 + at / 1000, unit="ratio"),
        Figure(value=-7.31 - at / 100, unit="dbm"),
        Figure(value=3.5 * 1024**3 + at, unit="bytes"),
        Figure(value=0.0062, unit="amperes"),
        Figure(value=None, unit="volts"),
        Figure(value=4096 + at, unit=""),
    )
    return Row(
        cells=(
            f"{said['part']} {at}",
            f"1.3.6.1.4.1.2011.5.25.31.1.1.1.1.11.{67108864 + at}",
            said["normal"],
            values[at % len(values)],
            Mark(sign="×", text=said["abnormal"], tone=Tone.BAD)
            if bad
            else Mark(sign="√", text=said["normal"], tone=Tone.GOOD),
            Moment(at=NOON + timedelta(minutes=at)),
        ),
        tone=Tone.BAD if bad else Tone.PLAIN,
    )


def chart(language: Language, key: str = "temperature", days: int = 31) -> Chart:
    """A month of temperatures with a gap, a band, a limit and a forecast."""
    said = SAID[language]
    start = NOON - timedelta(days=days)
    one = [(start + timedelta(days=at), 40 + at / 3 + (at % 5)) for at in range(days)]
    return Chart(
        key=key,
        title="sw-core-1 CPU 1",
        unit="celsius",
        lines=(
            Line(
                name="CPU 1",
                points=tuple((at, None if 9 < place < 13 else value) for place, (at, value) in enumerate(one)),
                band=tuple((at, value - 3, value + 4) for place, (at, value) in enumerate(one) if not 9 < place < 13),
            ),
            Line(name="CPU 2", points=tuple((at, value - 12) for at, value in one)),
            Line(
                name=said["forecast"],
                points=((NOON, 54.0), (NOON + timedelta(days=14), 62.0)),
                band=((NOON, 53.0, 55.0), (NOON + timedelta(days=14), 57.0, 68.0)),
                dashed=True,
            ),
        ),
        limits=((said["limit"], 65.0),),
        note=said["text"][:60],
    )


def diagram(language: Language) -> Diagram:
    """A site of two cores and an access switch that fails, beside words of hostile neighbours."""
    said = SAID[language]
    return Diagram(
        key="plan/east",
        title=said["one"],
        levels=(
            (Node(key="core-1", name=f"core-1 ({said['role']})"), Node(key="core-2", name="core-2")),
            (Node(key="acc-1", name="acc-1", sign="×", tone=Tone.BAD),),
            tuple(Node(key=each, name=each, outside=True) for each in HOSTILE),
        ),
        links=(
            Link(one="core-1", other="core-2", count=2),
            Link(one="acc-1", other="core-1"),
            Link(one="acc-1", other="core-2", dashed=True),
            *(Link(one="acc-1", other=each) for each in HOSTILE),
        ),
        note=said["text"][:60],
    )


def sample(language: Language = Language.EN, rows: int = 60) -> Paper:
    """A paper with every kind of block, long tables, and words of hostile devices."""
    said = SAID[language]
    hostile = Table(
        key="hostile",
        title=HOSTILE[0],
        columns=(
            Column(key="name", title=HOSTILE[0]),
            Column(key="word", title=HOSTILE[3], share=2),
            Column(key="number", title="n", share=0.4),
        ),
        rows=tuple(Row(cells=(name, name, Figure(value=at))) for at, name in enumerate(HOSTILE)),
        empty=said["none"],
    )
    by_hand = Table(
        key="by_hand",
        title=said["remark"],
        columns=(
            Column(key="item", title=said["item"], share=2),
            Column(key="result", title=said["result"]),
            Column(key="remark", title=said["remark"], share=2),
        ),
        rows=(
            Row(cells=(said["item"], Blank(key="room.0.result", filled=said["normal"]), "")),
            *(
                Row(cells=(f"{said['item']} {at}", Blank(key=f"room.{at}.result"), Blank(key=f"room.{at}.remark")))
                for at in range(1, 5)
            ),
        ),
        empty=said["none"],
    )
    return paper(
        language,
        Heading(level=1, text=said["one"], key="scope"),
        Paragraph(text=said["text"]),
        Paragraph(text=said["text"][:80], tone=Tone.ATTENTION),
        Pairs(
            key="scope",
            rows=(
                (said["item"], "sw-core-1"),
                (said["measured"], Figure(value=0.9312, unit="ratio")),
                (said["when"], Moment(at=NOON)),
                (said["result"], Mark(sign="△", text=said["abnormal"], tone=Tone.ATTENTION)),
                (said["remark"], Blank(key="scope.remark")),
            ),
        ),
        replace(checks(language, "empty", 0), group=""),
        Heading(level=1, text=said["two"], key="sheets"),
        Heading(level=2, text="sw-core-1", key="sheets.1"),
        checks(language, "checks.sw-core-1", rows),
        Heading(level=2, text="sw-core-2", key="sheets.2"),
        checks(language, "checks.sw-core-2", 3, title="sw-core-2"),
        Heading(level=3, text=HOSTILE[2], key="hostile"),
        hostile,
        Evidence(
            title="display device", text="Slot  Card   Type      Status\n1     -      S5735     Normal\n\t<tab> & # $\n"
        ),
        PageBreak(),
        Heading(level=1, text=said["three"], key="trends"),
        chart(language),
        Chart(key="none", title=HOSTILE[2], unit="dbm", lines=()),
        diagram(language),
        Heading(level=1, text=said["remark"], key="by_hand"),
        by_hand,
        Signatures(roles=(said["role"], f"{said['role']} 2")),
    )
