"""The inventory as written, table by table and row by row: all that is well formed, wherever the rest is wrong."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from alerts.desk.windows import Window
from collectors.looks import Login
from collectors.snmp.reader import Credential
from monitor.credentials import CredentialFile, LoginFile
from monitor.devices_csv import rows
from monitor.document import Document, checked
from monitor.fields import Settled
from monitor.inventory import (
    Customer,
    CustomerFile,
    DeviceFile,
    ImportFile,
    Inventory,
    InventoryFile,
    MaintenanceFile,
    SiteFile,
)
from monitor.model import Device, Site
from monitor.problem import Place, Problem, Within
from monitor.toml_lines import KeyPath

Written = TypeVar("Written", bound=Settled)
Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Written]):
    """A well-formed table (or row) as it was written, and where."""

    written: Written
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """All well-formed parts of an inventory, before anyone asked whether they agree (monitor/agreement.py).

    The names are all that were written, even where the rest of a table is wrong, so that one mistake in a site is one
    problem and not another one for each of its devices.
    """

    customers: Sequence[Entry[CustomerFile]]
    sites: Sequence[Entry[SiteFile]]
    devices: Sequence[Entry[DeviceFile]]
    device_names: Collection[str]
    windows: Sequence[Entry[MaintenanceFile]]
    credentials: Mapping[str, CredentialFile]
    logins: Mapping[str, LoginFile]
    customer_names: Collection[str]
    site_names: Collection[str]
    credential_names: Collection[str]
    login_names: Collection[str]


def drafted(source: Document, problems: list[Problem]) -> Draft:
    """What inventory.toml and the spreadsheets it imports say; for what is not well formed, more of `problems`."""
    checked(source.data, InventoryFile, source, problems)
    devices = entries(source, ("device",), DeviceFile)
    for asked in entries(source, ("import",), ImportFile):
        devices += _imported(asked, Path(source.file).parent, problems)
    written = _by_name(source.data.get("credentials"))
    fitting = {name: _well_formed(each, CREDENTIAL) for name, each in written.items()}
    entered = _by_name(source.data.get("logins"))
    known = {name: _well_formed(each, LOGIN) for name, each in entered.items()}
    return Draft(
        customers=entries(source, ("customer",), CustomerFile),
        sites=entries(source, ("site",), SiteFile),
        devices=devices,
        device_names={*_names(source.data.get("device")), *(entry.written.name for entry in devices)},
        windows=entries(source, ("maintenance",), MaintenanceFile),
        credentials={name: each for name, each in fitting.items() if each is not None},
        logins={name: each for name, each in known.items() if each is not None},
        customer_names=_names(source.data.get("customer")),
        site_names=_names(source.data.get("site")),
        credential_names=written.keys(),
        login_names=entered.keys(),
    )


def entries(source: Document, path: KeyPath, shape: type[Written]) -> list[Entry[Written]]:
    """The well-formed tables of the array at `path`; the others were complained of when the file was checked."""
    data: Any = source.data
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
    adapter = TypeAdapter(shape)
    fitting = ((at, _well_formed(each, adapter)) for at, each in enumerate(data if isinstance(data, list) else ()))
    return [Entry(each, Within(source, (*path, at))) for at, each in fitting if each is not None]


def _imported(asked: Entry[ImportFile], directory: Path, problems: list[Problem]) -> Iterable[Entry[DeviceFile]]:
    path = directory / asked.written.file
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(asked.place.problem(("file",), f"{path} cannot be read: {error.strerror}"))
        return
    for row in rows(raw, str(path), asked.written, asked.place, problems):
        device = checked(row.values, DeviceFile, row, problems)
        if device is not None:
            yield Entry(device, row)


def _names(tables: Any) -> Collection[str]:
    if isinstance(tables, Mapping):  # [site] in place of [[site]], which is a problem of its own
        tables = [tables]
    found = (table.get("name") for table in (tables if isinstance(tables, list) else ()) if isinstance(table, Mapping))
    return dict.fromkeys(name for name in found if isinstance(name, str)).keys()


def _by_name(raw: Any) -> Mapping[str, Any]:
    return raw if isinstance(raw, Mapping) else {}


def _well_formed(data: Any, adapter: TypeAdapter[Shape]) -> Shape | None:
    try:
        return adapter.validate_python(data)
    except ValidationError:
        return None


CREDENTIAL: TypeAdapter[CredentialFile] = TypeAdapter(CredentialFile)
LOGIN = TypeAdapter(LoginFile)


def inventory(
    draft: Draft, secrets: Mapping[str, Credential], entries_: Mapping[str, Login], interval: timedelta
) -> Inventory:
    """The inventory that `draft` states, once nothing was found against it."""
    sites = {entry.written.name: Site(**entry.written.model_dump()) for entry in draft.sites}
    return Inventory(
        customers={entry.written.name: Customer(**entry.written.model_dump()) for entry in draft.customers},
        sites=sites,
        devices={
            entry.written.name: _device(entry.written, sites[entry.written.site], interval) for entry in draft.devices
        },
        credentials=secrets,
        logins=entries_,
        windows=tuple(window(number, each.written) for number, each in enumerate(draft.windows, start=1)),
    )


def window(number: int, file: MaintenanceFile) -> Window:
    """The window that recurs as `file` says, the so-manieth of its file."""
    return Window(name=f"R{number}", scope=file.scope, when=file.rule, reason=file.reason)


def _device(file: DeviceFile, site: Site, interval: timedelta) -> Device:
    return Device(
        name=file.name,
        address=file.address,
        customer=site.customer,
        site=site.name,
        role=file.role,
        platform=file.platform,
        credentials=tuple(file.credentials),
        port=file.port,
        redfish=file.redfish or "",
        redfish_port=file.redfish_port,
        ssh=file.ssh or "",
        ssh_port=file.ssh_port,
        interval=file.interval or interval,
        expect_up=tuple(file.expect_up),
        parents=tuple(file.parents),
        title=file.title,
    )
