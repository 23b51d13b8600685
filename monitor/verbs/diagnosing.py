"""`netvigil ticket diagnose` and `ticket attachment`: what a device says for a ticket, and what is attached."""

import asyncio
import os
import sys
import time
from pathlib import Path

import click

from collectors.looks import LookReader
from collectors.tables import Eye
from monitor import attaching
from monitor.config import Settings, loaded
from monitor.model import EventKind, Ticket, TicketEvent
from monitor.moment import now as this_moment
from monitor.store import attachments, tickets
from monitor.store.attachments import Attachment, NoSuchAttachmentError
from monitor.store.database import Store
from monitor.verbs import doors

_BEARING = {EventKind.ATTACHED, EventKind.DIAGNOSED}


@click.command()
@click.argument("number", metavar="TICKET")
@click.option("--by", required=True, envvar="USER", help="Who wants to know.")
@doors.config
def diagnose(number: str, by: str, directory: Path) -> None:
    """Take the diagnosis of the ticket's device again, now, and attach it."""
    settings = loaded(directory, os.environ)
    with Store(settings.daemon.state) as store:
        with store.reading() as disk:
            ticket = tickets.found(disk, number)
        kept, text = asyncio.run(_taken(ticket, by, store, settings))
    click.echo(text, nl=False)
    click.echo(f"{ticket.id}: attached, {kept.size} octets, {kept.sha256}", err=True)


async def _taken(ticket: Ticket, by: str, store: Store, settings: Settings) -> tuple[Attachment, str]:
    # all eyes of the daemon: other verbs about tickets do without, and are there much sooner
    from collectors.reach import Reach  # noqa: PLC0415 - see above
    from monitor import diagnosis  # noqa: PLC0415 - see above
    from monitor.watch import READERS  # noqa: PLC0415 - see above

    readers: dict[Eye, LookReader] = {eye: make() for eye, make in READERS.items()}
    ping = settings.reach
    reach = Reach(lambda _: None, interval=ping.interval, patience=ping.patience, ports=ping.ports)
    begun = time.monotonic()
    try:
        if ping.enabled:
            reach.start()
            device = settings.inventory.devices.get(ticket.fault.device)
            reach.load([(device.name, device.address)] if device else [])
        text = await diagnosis.taken(ticket, store, settings, readers, reach.asked_anew, this_moment())
    finally:
        await reach.close()
        for reader in readers.values():
            await reader.close()
    took = time.monotonic() - begun
    with store.writing() as disk:
        kept = diagnosis.written(
            disk,
            ticket=ticket,
            text=text,
            by=by,
            took=took,
            directory=store.directory,
            settings=settings,
            now=this_moment(),
            is_asked=True,
        )
    assert kept is not None  # noqa: S101 - None is for the daemon alone
    return kept, text


@click.command()
@click.argument("number", metavar="TICKET")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="", help="What it is called; the name of the file if left out.")
@click.option("--by", required=True, envvar="USER", help="Who attaches it.")
@doors.config
def attach(number: str, file: Path, name: str, by: str, directory: Path) -> None:
    """Attach a file to the ticket: a photograph, a log, a signed sheet."""
    settings = loaded(directory, os.environ, with_secrets=False)
    try:
        with file.open("rb") as opened:
            body = opened.read(settings.attachment + 1)  # one more than may be, to be told that it is too large
        with Store(settings.daemon.state) as store, store.writing() as disk:
            kept = attaching.attached(
                disk,
                store.directory,
                number=number,
                body=body,
                name=name or file.name,
                by=by,
                settings=settings,
                now=this_moment(),
            )
    except (OSError, ValueError) as error:
        click.echo(f"netvigil: {error}", err=True)
        sys.exit(doors.FINDINGS)
    click.echo(f"{number}: attached, {kept.size} octets, {kept.sha256}")


@click.command()
@click.argument("number", metavar="TICKET")
@click.argument("digest", metavar="[SHA]", default="")
@doors.config
@doors.as_json
def attachment(number: str, digest: str, directory: Path, *, as_json: bool) -> None:
    """What is attached to the ticket; with SHA, or its beginning, one attachment itself."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with Store(settings.daemon.state) as store, store.reading() as disk:
        borne = [each for each in tickets.found(disk, number).events if each.kind in _BEARING]
        if not digest:
            doors.print_rows([_row(each) for each in borne], as_json=as_json)
            return
        fitting = {each.data["sha256"] for each in borne if each.data["sha256"].startswith(digest.lower())}
        if len(fitting) != 1:
            raise NoSuchAttachmentError(
                f'{number} has {len(fitting) or "no"} attachments that begin with "{digest}"; '
                f'"netvigil ticket attachment {number}" lists them'
            )
        (found,) = fitting
        body = attachments.read(store.directory, found)
    sys.stdout.buffer.write(body)


def _row(event: TicketEvent) -> dict[str, object]:
    return {
        "seq": event.seq,
        "at": event.at.isoformat(timespec="seconds"),
        "by": event.by,
        "name": event.data["name"],
        "size": int(event.data["size"]),
        "media_type": event.data["media_type"],
        "sha256": event.data["sha256"],
    }
