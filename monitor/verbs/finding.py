"""`netvigil discover`: finds devices in networks and prints them as inventory.toml would have them; adopts nothing."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from collectors.cli.reader import SshReader
from collectors.discover import Found, Pace, addresses, behind_ssh, discovered, introduced
from collectors.identify import STANDARD
from collectors.looks import Door
from collectors.redfish.greeting import Greeter
from collectors.redfish.reader import RedfishReader
from collectors.snmp import engines
from collectors.snmp.reader import Target
from monitor.config import Settings, loaded
from monitor.fields import NAME_CAP
from monitor.model import Identity
from monitor.moment import now
from monitor.verbs import doors
from monitor.watching import fingerprint

_PATIENCE = 8.0  # seconds for the way in over SSH and for each command
_ROUNDS = 5  # of neighbours of neighbours
_NO_NAME = str.maketrans(dict.fromkeys('/\\ "', "-"))


@click.command()
@click.argument("networks", nargs=-1, required=True)
@click.option("--credentials", "names", multiple=True, help="Only these of [credentials.NAME], in this order.")
@click.option("--crawl", is_flag=True, help="Ask the LLDP neighbours of what is found, too, wherever they are.")
@click.option("--rate", type=click.FloatRange(0.1, 1000), default=50.0, show_default=True, help="Addresses a second.")
@click.option("--port", type=click.IntRange(1, 65535), default=161, show_default=True, help="UDP port of SNMP.")
@click.option("--redfish-port", type=click.IntRange(1, 65535), default=443, show_default=True, help="Port of Redfish.")
@click.option("--no-redfish", is_flag=True, help="Do not ask whether what is silent over SNMP speaks Redfish.")
@click.option("--login", default="", help="Log in with this of [logins.NAME] where only Redfish is spoken.")
@click.option("--ssh-login", default="", help="Log in over SSH with this of [logins.NAME] where nothing else answers.")
@click.option("--ssh-port", type=click.IntRange(1, 65535), default=22, show_default=True, help="Port of SSH.")
@click.option("--site", default="", help="The site that the printed devices get.")
@doors.config
@doors.as_json
def discover(
    networks: tuple[str, ...],
    names: tuple[str, ...],
    rate: float,
    port: int,
    redfish_port: int,
    login: str,
    ssh_login: str,
    ssh_port: int,
    site: str,
    directory: Path,
    *,
    no_redfish: bool,
    crawl: bool,
    as_json: bool,
) -> None:
    """Look for devices in NETWORKS, such as 10.1.0.0/24, and print them for the inventory; adopts nothing."""
    settings = loaded(directory, os.environ)
    unknown = [name for name in names if name not in settings.inventory.credentials]
    if unknown:
        raise LookupError(f'no credential "{unknown[0]}" in the inventory')
    for name in filter(None, (login, ssh_login)):
        if name not in settings.inventory.logins:
            raise LookupError(f'no login "{name}" in the inventory')
    try:
        first = addresses(networks)
    except ValueError as error:
        raise LookupError(str(error)) from error
    tried = names or tuple(settings.inventory.credentials)
    if not tried and not ssh_login:
        raise LookupError("the inventory has no [credentials.NAME] to try")
    over = None if no_redfish else redfish_port
    ssh = (ssh_login, ssh_port)
    found = asyncio.run(_searched(first, settings, tried, Pace(a_second=rate), port, over, login, ssh, crawl=crawl))
    known = {device.address: device.name for device in settings.inventory.devices.values()}
    if as_json:
        doors.print_json([_document(each, known, tried, ssh_login if each.host_key else login) for each in found])
    else:
        click.echo(inventory_toml(found, known, tried, site, port, redfish_port, login, ssh), nl=False)
    sys.exit(doors.FINE if found else doors.UNREACHABLE)


async def _searched(
    first: Sequence[str],
    settings: Settings,
    names: Sequence[str],
    pace: Pace,
    port: int,
    redfish: int | None,
    login: str,
    ssh: tuple[str, int],
    *,
    crawl: bool,
) -> list[Found]:
    """All that answers, with a bar on standard error while it is looked for."""
    reader = engines.reader(settings.snmp.engine)
    wait, again = settings.snmp.timeout, min(settings.snmp.retries, 1)

    def targets(address: str) -> list[Target]:
        credentials = settings.inventory.credentials
        return [
            Target(address=address, port=port, credential=credentials[name], timeout=wait, retries=again)
            for name in names
        ]

    looker, shells, platforms = RedfishReader(), SshReader(), dict(settings.platforms)

    async def knock(address: str) -> tuple[Identity, str] | None:
        door = Door(address=address, port=ssh[1], login=settings.inventory.logins[ssh[0]], timeout=_PATIENCE)
        return await behind_ssh(shells, door, reader, platforms, now())

    async def enter(address: str) -> Identity | None:
        door = Door(address=address, port=redfish or 0, login=settings.inventory.logins[login])
        return await introduced(looker, door, reader, platforms, now())

    found: list[Found] = []
    asked = dict.fromkeys(first)
    ahead = list(first)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        async with Greeter(port=redfish or 0) as greeter:
            greet = greeter.greeted if redfish else None
            inside = enter if redfish and login else None
            with bar:
                task = bar.add_task("asking", total=len(ahead))
                for _ in range(_ROUNDS):
                    into = knock if ssh[0] else None
                    async for _, one in discovered(ahead, targets, reader, platforms, now(), pace, greet, inside, into):
                        found += [one] if one else []
                        bar.update(task, advance=1, description=f"asking, {len(found)} found")
                    beyond = dict.fromkeys(address for each in found for address in each.beyond if address not in asked)
                    if not crawl or not beyond:
                        break
                    asked |= beyond
                    ahead = list(beyond)
                    bar.update(task, total=len(asked))
    finally:
        await looker.close()
        await shells.close()
        await reader.close()
    return found


def _document(found: Found, known: Mapping[str, str], names: Sequence[str], login: str) -> dict[str, Any]:
    return {
        "address": found.address,
        "in_inventory": known.get(found.address),
        "credential": None if found.target is None else names[found.target],
        "login": login if found.let_in or found.host_key else None,
        "silence": found.silence.value if found.silence else None,
        "speaks": "redfish" if found.redfish else "ssh" if found.host_key else "snmp",
        "host_key": fingerprint(found.host_key) or None,
        "identity": asdict(found.identity),
        "neighbours": list(found.neighbours),
    }


def inventory_toml(
    found: Iterable[Found],
    known: Mapping[str, str],
    names: Sequence[str],
    site: str,
    port: int,
    redfish: int,
    login: str,
    ssh: tuple[str, int] = ("", 22),
) -> str:
    """What was found as tables of inventory.toml; what is known, or lets nobody in, as comments."""
    lines: list[str] = []
    taken = {name.casefold() for name in known.values()}
    serials: dict[str, str] = {}
    for each in found:
        identity = each.identity
        said = ", ".join(word for word in (identity.vendor, identity.model, identity.version, identity.serial) if word)
        if each.silence is not None or (each.target is None and not each.redfish and not each.host_key):
            lines.append(f"# {each.address}: something answers, but lets nobody in ({each.silence})\n")
        elif each.address in known:
            lines.append(f"# {each.address}: {_commented(said)}; in the inventory as {known[each.address]}\n")
        elif identity.serial and identity.serial in serials:
            lines.append(f"# {each.address}: the same device as {serials[identity.serial]}, by its serial number\n")
        else:
            name = _name(identity.name or (identity.serial if each.target is None else "") or "", each.address, taken)
            if identity.serial:
                serials[identity.serial] = name
            lines.append(_table(each, name, _doors(each, names, port, redfish, login, ssh), site, said))
    return "\n".join(lines)


def _doors(found: Found, names: Sequence[str], port: int, redfish: int, login: str, ssh: tuple[str, int]) -> str:
    """How the device is talked to, in lines of its table."""
    if found.host_key:
        other = f"ssh_port = {ssh[1]}\n" if ssh[1] != 22 else ""  # noqa: PLR2004 - the default of the inventory
        return (
            f"# host key {fingerprint(found.host_key)}: compare it with the console of the switch before you adopt it,"
            f" the daemon keeps the one that it is shown first\n{other}ssh = {_quoted(ssh[0])}\n"
        )
    if found.target is None:
        other = f"redfish_port = {redfish}\n" if redfish != 443 else ""  # noqa: PLR2004 - the default of the inventory
        if found.let_in:
            return f"{other}redfish = {_quoted(login)}\n"
        return f'{other}# redfish = "NAME"  # it speaks Redfish; name a [logins.NAME] with which it may be asked\n'
    other = f"port = {port}\n" if port != 161 else ""  # noqa: PLR2004 - the default of the inventory
    return f"{other}credentials = [{_quoted(names[found.target])}]\n"


def _table(found: Found, name: str, doors_of: str, site: str, said: str) -> str:
    platform = found.identity.platform or ""
    beside = f"# neighbours: {_commented(', '.join(found.neighbours))}\n" if found.neighbours else ""
    return (
        f"# {_commented(said) or 'a device that says nothing of itself'}\n{beside}"
        f"[[device]]\nname = {_quoted(name)}\naddress = {_quoted(found.address)}\nsite = {_quoted(site)}\n"
        + (f"platform = {_quoted(platform)}\n" if platform and platform != STANDARD else "")
        + doors_of
    )


def _name(said: str, address: str, taken: set[str]) -> str:
    """A name that the inventory takes: what the device says, else its address, told apart where it is taken."""
    name = said.translate(_NO_NAME).strip("-._ ")[: NAME_CAP - 20] or address
    if name.casefold() in taken:
        name = f"{name}-{address.replace(':', '-')}"
    taken.add(name.casefold())
    return name


def _quoted(words: str) -> str:
    """A basic string of TOML; what JSON escapes is escaped there in the same way."""
    return json.dumps(words, ensure_ascii=False)


def _commented(words: str) -> str:
    return " ".join(words.split())
