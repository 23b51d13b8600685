"""Reads how letters go out and replies come in: of netvigil.toml [mail], [mailbox] and the channels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from alerts.desk.people import People, Person
from alerts.desk.reminding import Reminders
from alerts.post.channels import Channel
from alerts.post.chat import wrong
from alerts.post.mail import MailSettings, Security
from monitor.agreement import same
from monitor.daemon_read import LOOPBACK
from monitor.document import Document
from monitor.draft import entries
from monitor.fields import host
from monitor.model import Level, Recipient
from monitor.netvigil_file import (
    ChannelFile,
    MailboxFile,
    MailFile,
    NetvigilFile,
    RecipientFile,
    RemindersFile,
)
from monitor.problem import Problem, Within
from monitor.reference import found
from monitor.settings import (
    Mail,
    Mailbox,
)

PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}  # RFC 6409, RFC 8314, RFC 5321
IMAP_PORTS = {Security.STARTTLS: 143, Security.TLS: 993, Security.NONE: 143}  # RFC 3501, RFC 8314


def mail_of(
    file: MailFile | None, own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> Mail:
    """The way out for letters; without [mail] nobody is told, which is worth a warning."""
    if file is None:
        problems.append(replace(own.problem((), "there is no [mail]: nobody is told of faults"), is_warning=True))
        file = MailFile(server="localhost", sender="netvigil@localhost", security=Security.NONE)
    password = ""
    if file.password and vault is not None:
        password = found(file.password, vault, directory, Within(own, ("mail", "password")), problems)
        if file.security is Security.NONE and file.server not in LOOPBACK:
            reason = "the password travels in the clear"
            problems.append(replace(own.problem(("mail", "security"), reason), is_warning=True))
    authority = _authority(file, "mail", own, directory, problems)
    return Mail(
        server=MailSettings(
            server=file.server,
            port=file.port or PORTS[file.security],
            security=file.security,
            sender_address=file.sender,
            sender_name=file.sender_name,
            user=file.user,
            password=password,
            timeout=file.timeout,
            verify=file.verify,
            authority=authority,
        ),
        domain=file.sender.rpartition("@")[2],
        recipients=tuple(_recipient(each) for each in file.recipient),
        retry_first=file.retry_first,
        retry_most=file.retry_most,
        give_up=file.give_up,
    )


def channels_of(
    own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> dict[str, Channel]:
    """The channels by name, each with its address, which is as good as a password."""
    written = list(entries(own, ("channel",), ChannelFile))
    problems += same(written, lambda each: each.name, "name", "name")
    told: dict[str, Channel] = {}
    for entry in written:
        file, before = entry.written, len(problems)
        url = found(file.url, vault, directory, Within(entry.place, ("url",)), problems) if vault is not None else ""
        settings = {key: value for key, value in file if key != "url"}
        channel = Channel(**settings, url=url)
        if vault is not None and url and (reason := wrong(channel)):
            problems.append(entry.place.problem(("url",), reason))
        if file.server.startswith("http:") and host(file.server.partition("//")[2].partition(":")[0]) not in LOOPBACK:
            reason = "the address of the channel travels in the clear"
            problems.append(replace(entry.place.problem(("server",), reason), is_warning=True))
        if before == len(problems) or not any(not each.is_warning for each in problems[before:]):
            told[file.name] = channel
    return told


def everywhere_of(
    listed: Sequence[Recipient], file: NetvigilFile, channels: Mapping[str, Channel]
) -> tuple[Recipient, ...]:
    """The listed recipients, and the channels that are told the same; each address once for each filter."""
    written = file.mail.recipient if file.mail else []
    beside = [
        replace(one, name=name, address=channels[name].address(""), language=channels[name].language)
        for one, each in zip(listed, written, strict=True)
        for name in each.channels
        if name in channels
    ]
    return (*listed, *beside)


def reached_of(people: People, channels: Mapping[str, Channel]) -> People:
    """The people, with where their channels lead."""
    if not channels:
        return people
    told = {
        name: replace(person, ways=tuple(_ways(person, channels))) if person.channels else person
        for name, person in people.persons.items()
    }
    return replace(people, persons=told)


def _ways(person: Person, channels: Mapping[str, Channel]) -> Iterator[Recipient]:
    for name in person.channels:
        channel = channels.get(name)
        if channel is not None and (address := channel.address(person.phone)):
            language = person.language if channel.is_personal else channel.language
            yield Recipient(name=person.title.said(language), address=address, language=language)


def _authority(
    file: MailFile | MailboxFile, section: str, own: Document, directory: Path, problems: list[Problem]
) -> Path | None:
    """The file of the certificate authority that this section names."""
    authority = directory / file.authority if file.authority else None
    if authority and not authority.is_file():
        problems.append(own.problem((section, "authority"), f"there is no file {authority}"))
    return authority


def mailbox_of(
    file: MailboxFile, own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> Mailbox:
    """The mailbox in which replies and reports of delivery arrive."""
    password = ""
    if vault is not None:
        password = found(file.password, vault, directory, Within(own, ("mailbox", "password")), problems)
    if file.security is Security.NONE and file.server not in LOOPBACK:
        reason = "password and mails travel in the clear"
        problems.append(replace(own.problem(("mailbox", "security"), reason), is_warning=True))
    authority = _authority(file, "mailbox", own, directory, problems)
    return Mailbox(
        server=file.server,
        port=file.port or IMAP_PORTS[file.security],
        user=file.user,
        security=file.security,
        password=password,
        folder=file.folder,
        interval=file.interval,
        timeout=file.timeout,
        verify=file.verify,
        authority=authority,
        hourly=file.hourly,
    )


def reminders_of(file: RemindersFile) -> Reminders:
    """How often who has not acknowledged is reminded."""
    every = (file.level_1, file.level_2, file.level_3, file.level_4)
    holds = (file.acknowledged_1, file.acknowledged_2, file.acknowledged_3, file.acknowledged_4)
    return Reminders(every=dict(zip(Level, every, strict=True)), holds=dict(zip(Level, holds, strict=True)))


def _recipient(file: RecipientFile) -> Recipient:
    return Recipient(
        name=file.name,
        address=file.address,
        language=file.language,
        customers=tuple(file.customers),
        sites=tuple(file.sites),
        levels=tuple(Level(level) for level in file.levels),
    )
