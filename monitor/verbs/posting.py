"""`netvigil mail …`: the way letters go."""

import asyncio
import os
import sys
from pathlib import Path

import click

from alerts.post.letters import trial
from monitor.config import loaded
from monitor.moment import now as this_moment
from monitor.store import letters, mails
from monitor.store.database import Store
from monitor.verbs import doors


@click.group()
def mail() -> None:
    """The way letters go."""


@mail.command("test")
@click.option("--to", "address", required=True, help="A recipient of the configuration.")
@click.option("--wait", type=click.IntRange(min=0), default=60, show_default=True, help="Seconds to wait for delivery.")
@doors.config
def mail_test(address: str, wait: int, directory: Path) -> None:
    """Send a letter by the same way as a real one: through the outbox of the running daemon."""
    settings = loaded(directory, os.environ, with_secrets=False)
    every = [*settings.mail.recipients]
    every += [way for person in settings.people.persons.values() for way in person.recipients]
    recipient = next((each for each in every if each.address == address), None)
    if recipient is None:
        known = ", ".join(dict.fromkeys(each.address for each in every))
        raise LookupError(f'"{address}" is no recipient of the configuration; it has {known or "none"}')
    letter = trial(recipient, settings.mail.domain, this_moment())
    with Store(settings.daemon.state) as store:
        with store.writing() as disk:
            letters.queued(disk, [letter])
        state, words = asyncio.run(_posted(store, letter.message_id, wait))
    click.echo(f"{state.value}: {words}")
    sys.exit(doors.FINE if state is letters.LetterState.ACCEPTED else doors.FINDINGS)


@mail.command("received")
@click.option("--aside", is_flag=True, help="Only those that were kept aside, for somebody to look at.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The newest so many.")
@doors.config
@doors.as_json
def mail_received(directory: Path, *, aside: bool, most: int, as_json: bool) -> None:
    """The mails that were read from the mailbox, and what came of each."""
    settings = loaded(directory, os.environ, with_secrets=False)
    with doors.reading(settings) as disk:
        found = mails.newest(disk, most, "aside" if aside else "")
    rows = [
        {
            "at": each.at.isoformat(timespec="seconds"),
            "from": each.sender,
            "subject": each.subject,
            "what": each.what,
            "ticket": each.ticket or None,
            "why": each.why or None,
            "message_id": each.message_id,
        }
        for each in found
    ]
    doors.print_rows(rows, as_json=as_json)


async def _posted(store: Store, message_id: str, wait: int) -> tuple[letters.LetterState, str]:
    for _ in range(wait * 2):
        found = await store.ask(lambda disk: letters.by_id(disk, message_id))
        if found is not None and found.state is not letters.LetterState.QUEUED:
            return found.state, found.response
        await asyncio.sleep(0.5)
    found = await store.ask(lambda disk: letters.by_id(disk, message_id))
    tried = found is not None and found.attempts
    words = (
        found.response if found and tried else "no daemon has taken it up; is netvigil running on this state directory?"
    )
    return letters.LetterState.QUEUED, words
