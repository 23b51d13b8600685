import dataclasses
import re
import tomllib
import typing
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.desk.contract import ClockName, Contract, ContractFile, Standing, contract
from alerts.desk.terms import Hours, written
from monitor.model import Level, ServiceClass, Text, TicketKind, duration

ROOT = Path(__file__).parents[2]
H = timedelta(hours=1)
MIN = timedelta(minutes=1)
AT_ONCE = timedelta(0)

# CONTRACT.md, section 1, second table: respond, hand up, restore, on site in Hefei, on site in the province
CLASSES: dict[str, tuple[timedelta, timedelta, timedelta | None, timedelta, timedelta]] = {
    "severe": (5 * MIN, AT_ONCE, 4 * H, 40 * MIN, 5 * H),
    "major": (10 * MIN, 30 * MIN, 4 * H, 1 * H, 6 * H),
    "general": (10 * MIN, 1 * H, 4 * H, 1 * H, 8 * H),
    "non_fault": (10 * MIN, 1 * H, None, 2 * H, 10 * H),
}
# CONTRACT.md, section 1, first table: class, respond, on site (0 is "at once, by the fastest transport"), report
LEVELS = {
    1: ("severe", 1 * H, AT_ONCE, 2 * H),
    2: ("major", 2 * H, 24 * H, 24 * H),
    3: ("general", 2 * H, 48 * H, 48 * H),
    4: ("general", 2 * H, 96 * H, 96 * H),
}


def shipped() -> dict[str, Any]:
    return tomllib.loads((ROOT / "configs" / "contract.toml").read_text(encoding="utf-8"))


def made(given: dict[str, Any]) -> Contract:
    return contract(ContractFile.model_validate(given))


@pytest.fixture(scope="module")
def house() -> Contract:
    return made(shipped())


@pytest.mark.parametrize("name", CLASSES)
def test_class_has_the_figures_of_the_response_table(house: Contract, name: str) -> None:
    promise = house.classes[ServiceClass(name)]
    figures = (promise.respond, promise.hand_up, promise.restore, *promise.on_site.values())
    assert figures == CLASSES[name]
    assert list(promise.on_site) == ["hefei", "province"]


@pytest.mark.parametrize("number", LEVELS)
def test_level_has_the_figures_of_the_vendors_table_and_its_class(house: Contract, number: int) -> None:
    promise = house.levels[Level(number)]
    figures = (promise.service_class.value, promise.respond, promise.on_site, promise.report_to_vendor)
    assert figures == LEVELS[number]


@pytest.mark.parametrize("number", LEVELS)
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("region", ["hefei", "province"])
def test_each_clock_takes_its_figure_from_the_right_table(house: Contract, number: int, name: str, region: str) -> None:
    respond, hand_up, restore, hefei, province = CLASSES[name]
    expected = {
        ClockName.RESPOND: respond,
        ClockName.HAND_UP: hand_up,
        ClockName.RESTORE: restore,
        ClockName.ON_SITE: hefei if region == "hefei" else province,
        ClockName.REPAIR: None if name == "non_fault" else {"hefei": 2 * H, "province": 4 * H}[region],
        ClockName.SPARE: 8 * H,
        ClockName.VENDOR_REPORT: None if name == "non_fault" else LEVELS[number][3],
        ClockName.CALL_BACK: 24 * H,
    }
    about = Standing(
        kind=TicketKind.REPAIR, level=Level(number), service_class=ServiceClass(name), region=region, maker="Huawei"
    )
    assert {clock: figure for clock in ClockName if (figure := house.promised(clock, about)) is not None} == {
        clock: figure for clock, figure in expected.items() if figure is not None
    }


def test_region_that_the_contract_does_not_know_gets_the_strictest_figure(house: Contract) -> None:
    about = Standing(kind=TicketKind.REPAIR, level=Level.MAJOR, service_class=ServiceClass.MAJOR, region="elsewhere")
    assert house.promised(ClockName.ON_SITE, about) == 1 * H
    assert house.promised(ClockName.REPAIR, about) == 2 * H


def test_other_promises_have_the_figures_of_the_letter_of_commitment(house: Contract) -> None:
    promises = house.promises
    assert (promises.hotline, promises.equipment_fault, promises.question) == (10 * MIN, 10 * MIN, 30 * MIN)
    assert (promises.on_site, promises.trial_on_site) == (8 * H, 30 * MIN)
    assert (promises.inspection_months, promises.visit_months) == (1, 3)
    assert promises.complaint == (10 * MIN, 2 * H)
    assert (promises.call_back, promises.early_notice, promises.loaner) == (True, True, True)
    assert (promises.trial_replacement, promises.trial_restart) == (True, True)
    assert promises.hours == Hours(weekdays="00:00-24:00", holidays="00:00-24:00")
    assert promises.channels == ("phone", "fax", "letter", "mail", "visit", "web_form")
    assert {name: region.repair for name, region in house.regions.items()} == {"hefei": 2 * H, "province": 4 * H}


def test_of_two_promises_for_complaints_the_stricter_one_stands(house: Contract) -> None:
    assert house.complaint == 10 * MIN


def test_makers_have_their_warranty_spares_and_support(house: Contract) -> None:
    assert {name: maker.warranty_months for name, maker in house.makers.items()} == {
        "huawei": 12,
        "h3c": 12,
        "dell": 36,
    }
    assert {name: maker.spare for name, maker in house.makers.items()} == {"huawei": 8 * H, "h3c": 8 * H, "dell": None}
    assert [name for name, maker in house.makers.items() if maker.report_by_level] == ["huawei", "h3c"]
    dell = house.makers["dell"]
    assert (dell.on_site, dell.parts_business_days, dell.loaner_until_solved) == (4 * H, 1, True)
    assert dell.phone_hours == Hours(weekdays="08:30-21:00", holidays="08:30-17:30")


def test_warranty_and_three_guarantees_have_the_figures_of_section_3(house: Contract) -> None:
    warranty, three = house.warranty, house.three_guarantees
    assert (warranty.engineering_months, warranty.on_site_months) == (36, 36)
    assert (warranty.charged_after, warranty.charged_upgrade) == (("parts",), ("parts",))
    assert (warranty.parts_at_contract_price, warranty.starts_with) == (True, "acceptance_report")
    assert (three.refund_days, three.exchange_days) == (7, 15)
    assert (three.replace_after_repairs, three.replace_within_months) == (2, 12)
    assert [phase.name for phase in house.phases] == ["implementation", "trial_run", "warranty", "after_warranty"]


def test_tiers_stand_in_the_order_in_which_a_ticket_climbs(house: Contract) -> None:
    assert [tier.title.zh_CN for tier in house.tiers] == [
        "客户服务响应中心",
        "技术支持工程师",
        "高级工程师／专家组",
        "厂商技术支持中心",
        "公司领导（监督）",
    ]


def test_every_prefecture_has_a_placeholder_for_its_partner(house: Contract) -> None:
    names = "宿州 蚌埠 阜阳 宣城 安庆 马鞍山 铜陵 滁州 池州 芜湖 巢湖 淮南 淮北 六安 黄山 亳州".split()  # noqa: SIM905 - a list is longer than the fact
    assert [prefecture.title.zh_CN for prefecture in house.prefectures.values()] == names
    assert all("placeholder" in prefecture.partner.en for prefecture in house.prefectures.values())
    assert {prefecture.region for prefecture in house.prefectures.values()} == {"province"}


@pytest.mark.parametrize(
    ("promise", "warned_after"),
    [
        (5 * MIN, [2 * MIN]),
        (10 * MIN, [4 * MIN]),
        (30 * MIN, [15 * MIN, 22.5 * MIN]),
        (4 * H, [2 * H, 3 * H]),
        (AT_ONCE, []),
    ],
)
def test_warnings_scale_with_the_promise(house: Contract, promise: timedelta, warned_after: list[timedelta]) -> None:
    assert [promise * share for share in house.shares(promise)] == warned_after


Breaking = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("broken", "place", "says"),
    [
        pytest.param(
            lambda given: given["classes"]["severe"].update(restore="4min"),
            ("classes", "severe"),
            "restore (4min) is before respond (5min)",
            id="restore before respond",
        ),
        pytest.param(
            lambda given: given["classes"]["major"].update(hand_up="5h"),
            ("classes", "major"),
            "hand_up (5h) is after restore (4h)",
            id="hand-up after restore",
        ),
        pytest.param(
            lambda given: given["classes"]["major"]["on_site"].update(hefei="0s"),
            ("classes", "major", "on_site", "hefei"),
            "a promise of no length cannot be kept",
            id="on site at once",
        ),
        pytest.param(
            lambda given: given["classes"]["major"].update(respond="0s"),
            ("classes", "major", "respond"),
            "a promise of no length cannot be kept",
            id="respond at once",
        ),
        pytest.param(
            lambda given: given["classes"]["general"]["on_site"].pop("province"),
            ("classes",),
            "general.on_site has no figure for province",
            id="a region without a figure",
        ),
        pytest.param(
            lambda given: given["classes"]["general"]["on_site"].update(moon="1h"),
            ("classes",),
            "general.on_site names moon, which is no region",
            id="a figure without a region",
        ),
        pytest.param(
            lambda given: given["levels"]["3"].pop("service_class"),
            ("levels", "3"),
            'has no service_class; add one, such as service_class = "general"',
            id="a level without a class",
        ),
        pytest.param(
            lambda given: given["levels"]["3"].update(service_class="grave"),
            ("levels", "3", "service_class"),
            "'severe', 'major', 'general' or 'non_fault'",
            id="an unknown class",
        ),
        pytest.param(
            lambda given: given["levels"]["3"].update(service_class="non_fault"),
            ("levels",),
            "3.service_class is non_fault, which is for what is outside our responsibility",
            id="a level that is never ours",
        ),
        pytest.param(
            lambda given: given["levels"].pop("4"),
            ("levels",),
            "4 missing; every one of them needs its own section",
            id="a level missing",
        ),
        pytest.param(
            lambda given: given["classes"].pop("non_fault"),
            ("classes",),
            "non_fault missing",
            id="a class missing",
        ),
        pytest.param(
            lambda given: given["clocks"].pop("on_site"), ("clocks",), "on_site missing", id="a clock missing"
        ),
        pytest.param(
            lambda given: given["tiers"].append(given["tiers"][0]),
            ("tiers",),
            'tier "response_centre" stands here twice',
            id="a tier repeated",
        ),
        pytest.param(
            lambda given: given["phases"].append(given["phases"][0]),
            ("phases",),
            'phase "implementation" stands here twice',
            id="a phase repeated",
        ),
        pytest.param(
            lambda given: given["classes"]["general"].update(respond="15min"),
            ("classes",),
            "general.respond (15min) is later than promises.equipment_fault (10min)",
            id="slower than what is promised for every fault",
        ),
        pytest.param(
            lambda given: given["levels"]["2"].update(respond="5min"),
            ("levels",),
            "2 promises respond sooner than its class major does (respond = 10min)",
            id="a class slower than its level",
        ),
        pytest.param(
            lambda given: given["levels"]["2"].update(on_site="2h"),
            ("levels",),
            "2 promises on_site sooner than its class major does (on_site.province = 6h)",
            id="on site later than the level allows",
        ),
        pytest.param(
            lambda given: given["prefectures"]["wuhu"].update(region="moon"),
            ("prefectures",),
            'wuhu.region "moon" is no region; choose one of hefei, province',
            id="a prefecture in no region",
        ),
        pytest.param(
            lambda given: given["three_guarantees"].update(exchange_days=7),
            ("three_guarantees",),
            "exchange_days must be later than refund_days",
            id="exchange before refund",
        ),
        pytest.param(
            lambda given: given["warnings"].reverse(), ("warnings",), "up_to must grow", id="warnings in no order"
        ),
        pytest.param(
            lambda given: given["makers"]["dell"]["phone_hours"].update(weekdays="21:00-08:30"),
            ("makers", "dell", "phone_hours", "weekdays"),
            '"21:00-08:30" ends before it starts',
            id="hours that end before they start",
        ),
        pytest.param(
            lambda given: given["promises"].update(question=30),
            ("promises", "question"),
            '30 is not a duration; write text with a unit, such as "10min"',
            id="a number without a unit",
        ),
        pytest.param(
            lambda given: given["classes"]["severe"].update(restored="4h"),
            ("classes", "severe", "restored"),
            "Unexpected keyword argument",
            id="an unknown key",
        ),
        pytest.param(
            lambda given: given["classes"]["severe"]["title"].update(de="schwer"),
            ("classes", "severe", "title", "de"),
            "Unexpected keyword argument",
            id="an unknown language",
        ),
    ],
)
def test_impossible_contract_is_refused_at_its_place_with_a_reason(
    broken: Breaking, place: tuple[str, ...], says: str
) -> None:
    given = shipped()
    broken(given)
    with pytest.raises(ValidationError) as caught:
        ContractFile.model_validate(given)
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert says in error["msg"]


@pytest.mark.parametrize("text", ["0s", "5min", "1h 30min", "96h", "22min 30s", "1s 500ms"])
def test_written_duration_is_read_back_the_same(text: str) -> None:
    assert written(duration(text)) == text


def _parts(kind: object) -> Iterator[type]:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and kind is not Text:
        yield kind
    for inner in typing.get_args(kind):
        yield from _parts(inner)


def _settings(names_and_kinds: dict[str, Any]) -> Iterator[str]:
    for name, kind in names_and_kinds.items():
        yield name
        for part in _parts(kind):
            yield from _settings(typing.get_type_hints(part, include_extras=True))


def test_every_setting_is_documented() -> None:
    marked = re.findall(r"`[^`\n]+`", (ROOT / "docs" / "contract.md").read_text(encoding="utf-8"))
    words = set(re.findall(r"[a-z_]+", " ".join(marked)))
    settings = set(_settings({name: field.annotation for name, field in ContractFile.model_fields.items()}))
    assert {"respond", "hand_up", "parts_business_days", "weekdays", "ends_with"} <= settings
    assert settings - words == set()
