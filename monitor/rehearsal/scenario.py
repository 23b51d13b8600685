"""The shape of a scenario: what stands on the stage, what happens to it, and what is expected of the daemon.

docs/rehearse.md explains every word.
"""

from datetime import timedelta
from typing import Any

from pydantic import Field

from alerts.faults.policy import OverrideFile
from monitor.fields import PositiveDuration, Settled, Title, Whole
from monitor.inventory import MaintenanceFile
from monitor.rehearsal.cast import CustomerFile, DeviceFile, LinkFile, RecipientFile, SiteFile
from monitor.rehearsal.expected import ExpectFile
from monitor.rehearsal.happenings import ChangeFile
from monitor.rehearsal.words import START, Length, Moment


class ScenarioFile(Settled):
    """The whole of a scenario."""

    title: Title = Field("", description="What it is about.")
    note: str = Field("", description="What people should know of it.")
    start: Moment = Field(START, description="When it begins, by the wall clock.")
    duration: Length = Field(description="How long it lasts.")
    seed: Whole = Field(1, description="What everything random comes from.")
    interval: PositiveDuration = Field(timedelta(seconds=30), description="Time between two visits of a device.")
    config: str = Field("", description="Folder with contract.toml, policy.toml or platforms of its own.")
    settings: dict[str, Any] = Field({}, description="[settings.TABLE]: tables of netvigil.toml.")
    customer: list[CustomerFile] = Field([], description="[[customer]]: whose sites are watched.")
    site: list[SiteFile] = Field([], description="[[site]]: places.")
    device: list[DeviceFile] = Field(min_length=1, description="[[device]]: what stands on the stage.")
    link: list[LinkFile] = Field([], description="[[link]]: cables.")
    recipient: list[RecipientFile] = Field([], description="[[recipient]]: who gets mail.")
    override: list[OverrideFile] = Field([], description="[[override]]: levels, as in policy.toml.")
    maintenance: list[MaintenanceFile] = Field(
        [], description="[[maintenance]]: windows that recur, as in the inventory."
    )
    change: list[ChangeFile] = Field([], description="[[change]]: what happens.")
    expect: ExpectFile = Field(ExpectFile(), description="[expect]: what must be.")
