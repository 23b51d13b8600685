"""JSON schemas and documentation say what the owners of the files say; whoever changes one changes the other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from alerts.notices.forecast_rules import ForecastsFile, MemoryFile, PeersFile, RateFile, TrendFile
from monitor.credentials import CommunityFile, LoginFile, UserFile
from monitor.devices_csv import HEADINGS
from monitor.inventory import CustomerFile, DeviceFile, ImportFile, InventoryFile, MaintenanceFile, SiteFile
from monitor.netvigil_file import (
    AttachmentsFile,
    BudgetFile,
    ChannelFile,
    CustomerReportFile,
    DaemonFile,
    DiagnosisFile,
    HistoryFile,
    LettersFile,
    MailboxFile,
    MailFile,
    NetvigilFile,
    NoticesFile,
    PastFile,
    ReachFile,
    RecipientFile,
    RedfishFile,
    RemindersFile,
    ReportFile,
    SnmpFile,
    SparePartFile,
    SparesFile,
    SshFile,
    StormFile,
    SyslogFile,
    TrapsFile,
    VisitsFile,
    WebFile,
)
from monitor.papers_file import PapersFile
from monitor.people_file import (
    ContactFile,
    DailyFile,
    HolidaysFile,
    LeaveFile,
    PartnerFile,
    PeopleFile,
    PersonFile,
    RotaFile,
    SubstituteFile,
    TeamFile,
    WeeklyFile,
    YearFile,
)
from monitor.reference import ReferenceFile
from monitor.schema import schemas
from monitor.shipped import shipped

SECTIONS: dict[str, type[BaseModel]] = {
    "reference": ReferenceFile,
    "`[daemon]`": DaemonFile,
    "`[web]`": WebFile,
    "`[visits]`": VisitsFile,
    "`[snmp]`": SnmpFile,
    "`[snmp.budget]`": BudgetFile,
    "`[redfish]`": RedfishFile,
    "`[ssh]`": SshFile,
    "`[reach]`": ReachFile,
    "`[traps]`": TrapsFile,
    "`[syslog]`": SyslogFile,
    "`[mail]`": MailFile,
    "`[[mail.recipient]]`": RecipientFile,
    "`[[channel]]`": ChannelFile,
    "`[letters]`": LettersFile,
    "`[reminders]`": RemindersFile,
    "`[mailbox]`": MailboxFile,
    "`[storm]`": StormFile,
    "`[report]`": ReportFile,
    "`[[report.customer]]`": CustomerReportFile,
    "`[diagnosis]`": DiagnosisFile,
    "`[notices]`": NoticesFile,
    "`[attachments]`": AttachmentsFile,
    "`[past]`": PastFile,
    "`[history]`": HistoryFile,
    "`[spares]`": SparesFile,
    "`[[spares.part]]`": SparePartFile,
    '`[credentials.NAME]` with `version = "3"`': UserFile,
    '`[credentials.NAME]` with `version = "2c"`': CommunityFile,
    "`[logins.NAME]`": LoginFile,
    "`[[customer]]`": CustomerFile,
    "`[[site]]`": SiteFile,
    "`[[device]]`": DeviceFile,
    "`[[import]]`": ImportFile,
    "`[[maintenance]]`": MaintenanceFile,
}
DOCS = shipped().parent / "docs" / "configuration.md"


PEOPLE: dict[str, type[BaseModel]] = {
    "people.toml": PeopleFile,
    "`[holidays]`": HolidaysFile,
    "`[[holidays.year]]`": YearFile,
    "`[[person]]`": PersonFile,
    "`[[team]]`": TeamFile,
    "`[[rota]]`": RotaFile,
    "`[rota.weekly]`": WeeklyFile,
    "`[[rota.days]]`": DailyFile,
    "`[[leave]]`": LeaveFile,
    "`[[substitute]]`": SubstituteFile,
    "`[[partner]]`": PartnerFile,
    "`[[contact]]`": ContactFile,
}


FORECASTS: dict[str, type[BaseModel]] = {
    "forecasts.toml": ForecastsFile,
    "`[trend.NAME]`": TrendFile,
    "`[rate.NAME]`": RateFile,
    "`[[peers]]`": PeersFile,
    "`[memory]`": MemoryFile,
}


def documented(heading: str, docs: Path = DOCS) -> dict[str, str]:
    """The default that the documentation states for each setting under `heading`."""
    _, _, below = docs.read_text("utf-8").partition(f"\n### {heading}\n")
    section = re.split(r"\n##", below)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE))


def stated(shape: type[BaseModel]) -> dict[str, str]:
    """The default that the schema states for each setting, as the documentation writes it."""
    if shape is PeopleFile:
        whole = json.loads(schemas()["people.json"])["properties"]
        return {key: default(key, each, []) for key, each in whole.items()}
    files = ("netvigil.json", "inventory.json", "people.json")
    both = [json.loads(schemas()[file])["$defs"] for file in files]
    found = next(shapes[shape.__name__] for shapes in both if shape.__name__ in shapes)
    return {key: default(key, each, found.get("required", ())) for key, each in found["properties"].items()}


def default(key: str, schema: dict[str, Any], required: list[str]) -> str:
    if key in required:
        return "required"
    value = schema.get("default")
    if isinstance(value, dict):
        return "see below"
    return "–" if value in (None, "", []) else f"`{json.dumps(value, ensure_ascii=False)}`"


def test_schema_files_are_fresh() -> None:
    on_disk = {path.name: path.read_text("utf-8") for path in (shipped() / "schema").glob("*.json")}
    assert on_disk == schemas(), "run: python -m monitor.schema"


@pytest.mark.parametrize(("heading", "shape"), SECTIONS.items(), ids=SECTIONS.keys())
def test_every_setting_is_documented_with_its_default(heading: str, shape: type[BaseModel]) -> None:
    assert documented(heading) == stated(shape)


@pytest.mark.parametrize(("heading", "shape"), PEOPLE.items(), ids=PEOPLE.keys())
def test_every_setting_of_people_is_documented_with_its_default(heading: str, shape: type[BaseModel]) -> None:
    assert documented(heading, DOCS.with_name("people.md")) == stated(shape)


@pytest.mark.parametrize(("heading", "shape"), FORECASTS.items(), ids=FORECASTS.keys())
def test_every_setting_of_forecasts_is_documented_with_its_default(heading: str, shape: type[BaseModel]) -> None:
    schema = json.loads(schemas()["forecasts.json"])
    found = schema if shape is ForecastsFile else schema["$defs"][shape.__name__]
    below = {"trend", "rate", "peers", "memory"} if shape is ForecastsFile else set()
    assert documented(heading, DOCS.with_name("forecasts.md")) == {
        key: "see below" if key in below else default(key, each, found.get("required", ()))
        for key, each in found["properties"].items()
    }


def test_every_setting_of_papers_is_documented_with_its_default() -> None:
    schema = json.loads(schemas()["papers.json"])
    assert documented("papers.toml", DOCS.with_name("papers.md")) == {
        key: default(key, each, []) for key, each in schema["properties"].items()
    }
    assert schema["properties"].keys() == PapersFile.model_fields.keys()


def test_every_table_of_people_has_its_section() -> None:
    kinds = json.loads(schemas()["people.json"])["$defs"]
    assert {name for name, each in kinds.items() if each["type"] == "object"} | {"PeopleFile"} == {
        shape.__name__ for shape in PEOPLE.values()
    }


def test_every_table_of_both_files_has_its_section() -> None:
    kinds = {
        definition
        for file in ("netvigil.json", "inventory.json")
        for definition, schema in json.loads(schemas()[file])["$defs"].items()
        if schema["type"] == "object"
    }
    assert kinds == {shape.__name__ for shape in SECTIONS.values()}
    assert NetvigilFile.model_fields.keys() == {
        "daemon", "web", "visits", "snmp", "redfish", "ssh", "reach", "traps", "syslog", "mail", "letters", "reminders",
        "mailbox", "channel", "storm", "report", "history", "spares", "diagnosis", "attachments",
        "notices", "past",
    }  # fmt: skip
    assert InventoryFile.model_fields.keys() == {
        "credentials",
        "logins",
        "customer",
        "site",
        "device",
        "imports",
        "maintenance",
    }


def test_every_heading_of_spreadsheets_is_documented() -> None:
    text = DOCS.read_text("utf-8")
    assert [
        field for field, spellings in HEADINGS.items() if f"| `{field}` | {', '.join(spellings)} |" not in text
    ] == []


def test_defaults_look_as_one_would_write_them() -> None:
    visits = json.loads(schemas()["netvigil.json"])["properties"]["visits"]["default"]
    assert (visits["interval"], visits["back_off"]) == ("30s", "10min")


def test_samples_name_the_schema_of_their_file() -> None:
    for name in ("netvigil", "inventory", "people", "forecasts"):
        assert (shipped() / f"{name}.toml").read_text("utf-8").startswith(f"#:schema schema/{name}.json\n")
