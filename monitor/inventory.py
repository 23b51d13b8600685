"""inventory.toml: who is watched, where, and with which credentials; from its text to the words of monitor/model.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import Field, model_validator

from alerts.desk.recurring import Every, every
from alerts.desk.windows import Scope, Window
from collectors.looks import Login
from collectors.snmp.reader import Credential
from monitor.credentials import CredentialFile, LoginFile
from monitor.fields import Host, Name, Port, PositiveDuration, Settled, Title, Zone
from monitor.model import Device, Role, Site

AUTO = "auto"


class CustomerFile(Settled):
    """One [[customer]]."""

    name: Name = Field(description="Short name, used by sites and recipients.")
    title: Title = Field("", description="Full name, as documents print it.")


class SiteFile(Settled):
    """One [[site]]."""

    name: Name = Field(description="Short name, used by devices and recipients.")
    customer: Name = Field(description="Name of a [[customer]].")
    region: Name = Field(description="Region of contract.toml; it decides how soon an engineer is on site.")
    prefecture: Title = Field(
        "", description="Prefecture of contract.toml, which decides the partner who goes there first."
    )
    zone: Zone = Field("Asia/Shanghai", description="Time zone of wall times in mails and documents.")
    title: Title = Field("", description="Full name, as documents print it.")
    address: Title = Field("", description="Street address, for the engineer who is sent there.")


class DeviceFile(Settled):
    """One [[device]], or one row of an imported spreadsheet."""

    name: Name = Field(description="Name, unique in the inventory.")
    address: Host = Field(description="IP address (better) or host name.")
    site: Name = Field(description="Name of a [[site]].")
    role: Role = Field(Role.OTHER, description="What the device is for: the same fault means more on a core.")
    platform: str = Field(AUTO, description='Name of a file in platforms/, or "auto": what the device says it is.')
    credentials: list[Name] = Field(
        [], description="Names of [credentials.NAME] for SNMP, tried in this order; none where SNMP is not spoken."
    )
    redfish: Name | None = Field(None, description="Name of a [logins.NAME] for Redfish, where the device speaks it.")
    ssh: Name | None = Field(None, description="Name of a [logins.NAME] for SSH, where the device is asked over it.")
    interval: PositiveDuration | None = Field(
        None, description="Time between two visits; [visits] interval if left out."
    )
    port: Port = Field(161, description="UDP port of SNMP.")
    redfish_port: Port = Field(443, description="TCP port of Redfish.")
    ssh_port: Port = Field(22, description="TCP port of SSH.")
    expect_up: list[str] = Field([], description="Interfaces that must be up, even if they were down when first seen.")
    parents: list[Name] = Field(
        [], description="Devices through which alone this one is reached; left out, neighbours told by LLDP say so."
    )
    title: Title = Field("", description="What people call it, as documents print it.")


class ImportFile(Settled):
    """One [[import]]: devices from a CSV file. The other keys stand in for empty cells and columns left out."""

    file: str = Field(min_length=1, description="CSV file; a relative path starts at the folder of inventory.toml.")
    ignore: list[str] = Field([], description="Headings of columns that are not for us.")
    site: Name | None = Field(None, description="Site of the rows that name none.")
    role: Role | None = Field(None, description="Role of the rows that name none.")
    platform: str | None = Field(None, description="Platform of the rows that name none.")
    credentials: list[Name] | None = Field(None, description="Credentials of the rows that name none.")
    redfish: Name | None = Field(None, description="Login for Redfish of the rows that name none.")
    ssh: Name | None = Field(None, description="Login for SSH of the rows that name none.")


class MaintenanceFile(Settled):
    """One [[maintenance]]: a window that recurs. Patterns may hold * and ?; one that is left out fits all."""

    every: str = Field(
        description='When it begins, on the clock of the site: "day 02:00", "Sun 02:00", "Mon-Fri 22:00", "15 02:00", '
        '"last 02:00" (day of the month) or "2nd Sun 02:00".'
    )
    length: PositiveDuration = Field(alias="for", description="How long it lasts, at most 7d.")
    customer: str = Field("", description="Customers.")
    site: str = Field("", description="Sites.")
    device: str = Field("", description="Devices.")
    kind: str = Field("", description="Only parts of these kinds, such as psu.")
    label: str = Field("", description="Only parts with these labels.")
    reason: Title = Field(min_length=1, description="Why; it stands in tickets and in explain.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if not (self.customer or self.site or self.device):
            raise ValueError('names nothing; write customer, site or device (device = "*" for all)')
        every(self.every, self.length)
        return self

    @property
    def scope(self) -> Scope:
        """What it covers."""
        return Scope(customer=self.customer, site=self.site, device=self.device, kind=self.kind, label=self.label)

    @property
    def rule(self) -> Every:
        """When it recurs."""
        return every(self.every, self.length)


class InventoryFile(Settled):
    """The whole of inventory.toml."""

    credentials: dict[Name, CredentialFile] = Field({}, description="[credentials.NAME]: how to talk SNMP to devices.")
    logins: dict[Name, LoginFile] = Field({}, description="[logins.NAME]: users of Redfish and SSH.")
    customer: list[CustomerFile] = Field([], description="[[customer]]: whose sites are watched.")
    site: list[SiteFile] = Field([], description="[[site]]: places of customers.")
    device: list[DeviceFile] = Field([], description="[[device]]: watched things.")
    imports: list[ImportFile] = Field([], alias="import", description="[[import]]: devices from spreadsheets.")
    maintenance: list[MaintenanceFile] = Field([], description="[[maintenance]]: when nobody is called.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Whose sites are watched."""

    name: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All that is watched, by name."""

    customers: Mapping[str, Customer] = field(default_factory=dict)
    sites: Mapping[str, Site] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    logins: Mapping[str, Login] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()

    def zone(self, site: str) -> str:
        """The time zone of `site`; UTC where the site is no longer in the inventory."""
        found = self.sites.get(site)
        return found.zone if found else "UTC"
