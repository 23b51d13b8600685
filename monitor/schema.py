"""JSON schemas of the configuration files, made from their owners: `python -m monitor.schema` writes configs/schema.

Editors that know them (Even Better TOML, Taplo) complete keys and mark mistakes while one types.
"""

import json
from dataclasses import asdict, is_dataclass
from datetime import time, timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from alerts.desk.contract import ContractFile
from alerts.faults.policy import PolicyFile
from alerts.notices.forecast_rules import ForecastsFile
from alerts.reports.items import ItemsFile
from collectors.platform import PlatformFile
from monitor.fields import said_duration
from monitor.inventory import InventoryFile
from monitor.netvigil_file import NetvigilFile
from monitor.papers_file import PapersFile
from monitor.people_file import PeopleFile
from monitor.rehearsal.scenario import ScenarioFile
from monitor.shipped import shipped

OWNERS: dict[str, type[BaseModel]] = {
    "netvigil": NetvigilFile,
    "inventory": InventoryFile,
    "contract": ContractFile,
    "papers": PapersFile,
    "people": PeopleFile,
    "policy": PolicyFile,
    "forecasts": ForecastsFile,
    "inspection": ItemsFile,
    "platform": PlatformFile,
    "scenario": ScenarioFile,
}


def schemas() -> dict[str, str]:
    """The text of each schema file by its name."""
    return {f"{name}.json": _text(name, owner) for name, owner in OWNERS.items()}


class _Written(GenerateJsonSchema):
    """Schemas whose defaults look as one would write them: "30s", not PT30S."""

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            dft = dict(dft)
        elif is_dataclass(dft) and not isinstance(dft, type):
            dft = asdict(dft)
        if isinstance(dft, dict):
            return {key: self.encode_default(value) for key, value in dft.items()}
        if isinstance(dft, timedelta):
            return said_duration(dft)
        return f"{dft:%H:%M}" if isinstance(dft, time) else super().encode_default(dft)


def _text(name: str, owner: type[BaseModel]) -> str:
    made = owner.model_json_schema(schema_generator=_Written)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
    schema["title"] = f"Netvigil: {name}"
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def write() -> None:
    """Write all schemas to configs/schema."""
    folder = shipped() / "schema"
    folder.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
