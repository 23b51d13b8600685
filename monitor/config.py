"""All configuration: from the files of one folder to the frozen `Settings` that the daemon runs on, or its problems.

netvigil.toml, inventory.toml and people.toml (if there is one) are the user's own. Of contract.toml, policy.toml,
forecasts.toml, inspection.toml and platforms/*.toml those that lie in the folder count, and the ones that come with
Netvigil fill the gaps (monitor/shipped.py).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from socket import gethostname
from typing import TypeVar

from pydantic import BaseModel

from alerts.desk.contract import ContractFile, contract
from alerts.desk.people import People, Person
from alerts.desk.reminding import Reminders
from alerts.desk.spares import Needs, Rule
from alerts.faults.policy import Policy, PolicyFile, policy
from alerts.notices.forecast_rules import ForecastsFile
from alerts.notices.forecast_rules import rules as forecast_rules
from alerts.post.channels import Channel, ChannelKind
from alerts.post.chat import wrong
from alerts.post.mail import MailSettings, Security
from alerts.reports.items import ItemsFile, items
from collectors.platform import Platform, PlatformFile, platforms
from collectors.snmp.reader import Budget
from collectors.tables import Eye
from monitor.agreement import SHORTEST, Surroundings, disagreements, same, unknown
from monitor.credentials import credentials, logins
from monitor.document import Document, checked, contents, document, parsed
from monitor.draft import Draft, drafted, entries, inventory
from monitor.fields import host, said_duration
from monitor.model import EventKind, Level, Recipient
from monitor.netvigil_file import (
    ChannelFile,
    CustomerReportFile,
    DaemonFile,
    MailboxFile,
    MailFile,
    NetvigilFile,
    NoticesFile,
    PastFile,
    ReachFile,
    RecipientFile,
    RemindersFile,
    ReportFile,
    SnmpFile,
    SparesFile,
    SyslogFile,
    TrapsFile,
    WebFile,
)
from monitor.papers_file import dresses
from monitor.people_agreement import Known, misnamed
from monitor.people_file import PeopleFile
from monitor.people_read import people
from monitor.problem import ConfigError, Problem, Within, check_lines
from monitor.reference import SecretReference, found
from monitor.settings import (
    Daemon,
    Diagnosis,
    Hearing,
    Letters,
    Looking,
    Mail,
    Mailbox,
    Notices,
    Past,
    Reaching,
    Report,
    Settings,
    Snmp,
    Storm,
    Visits,
    Web,
)
from monitor.shipped import shipped

__all__ = ["ConfigError", "Problem", "Settings", "check_lines", "knowledge", "loaded", "summary"]

PEOPLE = "people.toml"
STATE = "/var/lib/netvigil"
PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}  # RFC 6409, RFC 8314, RFC 5321
IMAP_PORTS = {Security.STARTTLS: 143, Security.TLS: 993, Security.NONE: 143}  # RFC 3501, RFC 8314
_PLATFORM_ERROR = re.compile(r"(?P<name>[^:]+)\.toml: (?P<key>[^:]*): (?P<reason>.*)", re.DOTALL)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Shape = TypeVar("Shape", bound=BaseModel)


def loaded(directory: Path, environ: Mapping[str, str], *, with_secrets: bool = True) -> Settings:
    """The settings of the folder `directory`.

    ConfigError holds every problem of all files. What is unwise but not wrong is in `warnings` of the settings.
    Commands that only look into the store ask for no secrets: those of systemd are there for the daemon alone. The
    settings then have neither credentials nor passwords.
    """
    vault = environ if with_secrets else None
    problems: list[Problem] = []
    own = document(directory / "netvigil.toml", problems)
    stock = document(directory / "inventory.toml", problems)
    promises = _owned(directory, "contract.toml", ContractFile, problems)
    rules = _owned(directory, "policy.toml", PolicyFile, problems)
    foretelling = _owned(directory, "forecasts.toml", ForecastsFile, problems)
    sheet = _owned(directory, "inspection.toml", ItemsFile, problems)
    platform_names, known_platforms = _platforms(directory, problems)
    file = checked(own.data, NetvigilFile, own, problems) if own else None
    draft = drafted(stock, problems) if stock else None
    around = _surroundings(file, promises, rules, platform_names)
    if own and file and file.visits.interval < around.shortest:
        problems.append(own.problem(("visits", "interval"), f"must be at least {said_duration(around.shortest)}"))
    if own and file and draft:
        problems += _strangers(own, file, draft)
    problems += disagreements(draft, around) if draft else ()
    folk = _people(directory, promises, draft, problems, file)
    papers = dresses(directory, draft.customer_names if draft else None, problems)
    secrets = (
        credentials(draft.credentials, vault, directory, stock, problems)
        if stock and draft and vault is not None
        else {}
    )
    entered = logins(draft.logins, vault, directory, stock, problems) if stock and draft and vault is not None else {}
    box = _mailbox(file.mailbox, own, vault, directory, problems) if own and file and file.mailbox else None
    post = _mail(file.mail, own, vault, directory, problems) if own and file else None
    channels = _channels(own, vault, directory, problems) if own and file else {}
    before = _past(file.past, own, vault, directory, problems) if own and file else Past()
    pages = _web(file.web, own, directory, problems) if own and file else Web()
    errors = [problem for problem in problems if not problem.is_warning]
    if errors or not (file and draft and promises and rules and foretelling and sheet and post):
        raise ConfigError(dict.fromkeys(errors))
    state = _state(file.daemon, environ, directory)
    return Settings(
        daemon=_daemon(file.daemon, state),
        web=pages,
        visits=Visits(**dict(file.visits)),
        snmp=_snmp(file.snmp),
        looking={Eye.REDFISH: Looking(**dict(file.redfish)), Eye.SSH: Looking(**dict(file.ssh))},
        reach=_reach(file.reach),
        traps=_hearing(file.traps),
        syslog=_hearing(file.syslog),
        mail=replace(post, recipients=_everywhere(post.recipients, file, channels)),
        channels=channels,
        storm=Storm(**dict(file.storm)),
        letters=Letters(
            customer=tuple(EventKind(each) for each in file.letters.customer),
            quiet=frozenset(Level(each) for each in file.letters.quiet_levels),
            links=(file.letters.links or file.web.url).rstrip("/"),
            links_expire=file.letters.links_expire,
        ),
        reminders=_reminders(file.reminders),
        mailbox=box,
        past=before,
        diagnosis=Diagnosis(**dict(file.diagnosis)),
        attachment=file.attachments.size,
        report=_report(file.report, state),
        spares=_spares(file.spares),
        notices=_notices(file.notices, directory),
        snapshot_interval=file.history.interval,
        inventory=inventory(draft, secrets, entered, file.visits.interval),
        contract=contract(promises),
        people=_reached(folk, channels),
        papers=papers,
        policy=policy(rules),
        forecasts=forecast_rules(foretelling),
        items=items(sheet),
        platforms=known_platforms,
        warnings=tuple(problem for problem in problems if problem.is_warning),
    )


def knowledge(directory: Path | None = None) -> tuple[dict[str, Platform], Policy]:
    """What judging a recording needs: platforms and policy, of `directory` where it has them, else the shipped ones."""
    problems: list[Problem] = []
    folder = directory or shipped()
    policy_file = _owned(folder, "policy.toml", PolicyFile, problems)
    _, known = _platforms(folder, problems)
    if problems or not policy_file:
        raise ConfigError(problems)
    return known, policy(policy_file)


def summary(settings: Settings) -> str:
    """What was read, in numbers."""
    inventory = settings.inventory
    roles = Counter(device.role.value for device in inventory.devices.values())
    counted = ", ".join(f"{count} {role}" for role, count in roles.most_common())
    fixed = sum(not name.startswith("_") for name in settings.platforms)
    return "\n".join(
        (
            f"customers    {len(inventory.customers)}",
            f"sites        {len(inventory.sites)}",
            f"devices      {len(inventory.devices)}{f' ({counted})' if counted else ''}",
            f"credentials  {len(inventory.credentials) + len(inventory.logins)}",
            f"platforms    {fixed}",
            f"recipients   {len(settings.mail.recipients)}",
        )
    )


def _owned(directory: Path, name: str, shape: type[Shape], problems: list[Problem]) -> Shape | None:
    """The file of `directory`, or the shipped one where there is none, in the shape its owner gave it."""
    own = directory / name
    path = own if own.exists() else shipped() / name
    raw = contents(path, problems)
    if raw is None:
        return None
    _, file, found_ = _read(path, raw, shape)
    problems += found_
    return file


@lru_cache(maxsize=32)
def _read(path: Path, raw: bytes, shape: type[Shape]) -> tuple[Document | None, Shape | None, tuple[Problem, ...]]:
    """The contents of a file in the shape its owner gave it. What says the same as before is not read anew."""
    problems: list[Problem] = []
    source = parsed(path, raw, problems)
    file = checked(source.data, shape, source, problems) if source else None
    return source, file, tuple(problems)


def _people(
    directory: Path,
    promises: ContractFile | None,
    draft: Draft | None,
    problems: list[Problem],
    own: NetvigilFile | None,
) -> People:
    """The people of the folder. There is no file that comes with Netvigil: the sample has nobody's names."""
    path = directory / PEOPLE
    source = document(path, problems) if path.exists() else None
    file = checked(source.data, PeopleFile, source, problems) if source else None
    if source is None or file is None:
        return People()
    known = Known(
        tiers=[tier.name for tier in promises.tiers] if promises else None,
        prefectures=promises.prefectures.keys() if promises else None,
        customers=draft.customer_names if draft else None,
        sites={entry.written.name: entry.written.customer for entry in draft.sites} if draft else None,
        channels={each.name: each.kind for each in own.channel} if own else None,
    )
    found = list(misnamed(source, file, known))
    problems += found
    return People() if any(not each.is_warning for each in found) else people(file, source.text)


def _platforms(directory: Path, problems: list[Problem]) -> tuple[Collection[str], dict[str, Platform]]:
    """The names of all platform files, and the platforms if nothing is wrong with any of them."""
    paths = {path.name: path for folder in (shipped(), directory) for path in sorted(folder.glob("platforms/*.toml"))}
    raw = {path: contents(path, problems) for path in paths.values()}
    known, found_ = _understood(tuple((path, said) for path, said in raw.items() if said is not None))
    problems += found_
    # one of the others may extend what could not be read
    return [path.stem for path in paths.values()], {} if None in raw.values() else dict(known)


@lru_cache(maxsize=2)
def _understood(raw: tuple[tuple[Path, bytes], ...]) -> tuple[Mapping[str, Platform], tuple[Problem, ...]]:
    """The platforms of these files; what says the same as before stays the same objects, as visits like it."""
    sources: dict[str, Document] = {}
    files: dict[str, PlatformFile] = {}
    problems: list[Problem] = []
    for path, said in raw:
        source, file, found_ = _read(path, said, PlatformFile)
        problems += found_
        if source and file:
            sources[path.stem], files[path.stem] = source, file
    if not problems:
        try:
            return platforms(files), ()
        except ValueError as error:
            problems.append(_platform_problem(str(error), sources, files))
    return {}, tuple(problems)


def _platform_problem(message: str, sources: Mapping[str, Document], files: Mapping[str, PlatformFile]) -> Problem:
    """What the owner of the platforms says ("name.toml: parts[3] (fans, fan).label: reason"), with the line."""
    said = _PLATFORM_ERROR.fullmatch(message)
    if said is None or said["name"] not in sources:
        return Problem(file=str(shipped() / "platforms"), line=None, key="", reason=message)
    source, base = sources[said["name"]], files[said["name"]].extends
    inherited = 0  # the owner counts parts from 0, and those of the files it extends come first
    while base in files:
        inherited += len(files[base].parts)
        base = files[base].extends
    words = re.findall(r"[^.\[\]]+", re.sub(r" \([^)]*\)", "", said["key"]))
    path = [int(word) if word.isdecimal() else word for word in words]
    if path[0] == "parts" and isinstance(path[1], int):
        path[1] -= inherited
    return source.problem(tuple(path), said["reason"])


def _surroundings(
    file: NetvigilFile | None,
    promises: ContractFile | None,
    rules: PolicyFile | None,
    platform_names: Collection[str],
) -> Surroundings:
    return Surroundings(
        regions=promises.regions.keys() if promises else None,
        prefectures={name: each.region for name, each in promises.prefectures.items()} if promises else None,
        platforms=platform_names,
        kinds=rules.kind.keys() if rules else None,
        shortest=timedelta(0) if file and file.daemon.demo else SHORTEST,
    )


def _strangers(own: Document, file: NetvigilFile, draft: Draft) -> Iterator[Problem]:
    """Customers and sites that recipients and reports name and the inventory does not; credentials for traps alike."""
    for each in entries(own, ("report", "customer"), CustomerReportFile):
        yield from unknown(each.place, ("name",), each.written.name, "customer", draft.customer_names)
    for at, name in enumerate(file.traps.credentials):
        yield from unknown(own, ("traps", "credentials", at), name, "credential", draft.credential_names)
    for entry in entries(own, ("mail", "recipient"), RecipientFile):
        for at, name in enumerate(entry.written.customers):
            yield from unknown(entry.place, ("customers", at), name, "customer", draft.customer_names)
        for at, name in enumerate(entry.written.sites):
            yield from unknown(entry.place, ("sites", at), name, "site", draft.site_names)
        kinds = {each.name: each.kind for each in file.channel}
        for at, name in enumerate(entry.written.channels):
            yield from unknown(entry.place, ("channels", at), name, "channel", kinds)
            if kinds.get(name) is ChannelKind.SMS:
                reason = f'"{name}" goes to telephones; let a [[person]] with a phone name it'
                yield entry.place.problem(("channels", at), reason)


def _mail(
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
    authority = directory / file.authority if file.authority else None
    if authority and not authority.is_file():
        problems.append(own.problem(("mail", "authority"), f"there is no file {authority}"))
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


def _channels(
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


def _everywhere(
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


def _reached(people: People, channels: Mapping[str, Channel]) -> People:
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


def _mailbox(
    file: MailboxFile, own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> Mailbox:
    password = ""
    if vault is not None:
        password = found(file.password, vault, directory, Within(own, ("mailbox", "password")), problems)
    if file.security is Security.NONE and file.server not in LOOPBACK:
        reason = "password and mails travel in the clear"
        problems.append(replace(own.problem(("mailbox", "security"), reason), is_warning=True))
    authority = directory / file.authority if file.authority else None
    if authority and not authority.is_file():
        problems.append(own.problem(("mailbox", "authority"), f"there is no file {authority}"))
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


def _past(
    file: PastFile, own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> Past:
    def secret(name: str, reference: SecretReference | None) -> str:
        if reference is None or vault is None:
            return ""
        return found(reference, vault, directory, Within(own, ("past", name)), problems)

    authority = directory / file.authority if file.authority else None
    if authority and not authority.is_file():
        problems.append(own.problem(("past", "authority"), f"there is no file {authority}"))
    return Past(
        url=file.url,
        user=file.user,
        password=secret("password", file.password),
        token=secret("token", file.token),
        verify=file.verify,
        authority=authority,
        timeout=file.timeout,
        size=file.size,
    )


def _reminders(file: RemindersFile) -> Reminders:
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


def _daemon(file: DaemonFile, state: Path) -> Daemon:
    host, _, port = file.listen.rpartition(":")
    name = host.strip("[]")
    return Daemon(
        state=state, host=name, port=int(port), demo=file.demo, runbooks=file.runbooks or _pages(host, int(port))
    )


def _pages(host: str, port: int) -> str:
    """The daemon's own runbook pages; nowhere where the port is any free one, which nobody can link to."""
    if not port:
        return ""
    return f"http://{gethostname() if host in {'0.0.0.0', '[::]'} else host}:{port}/runbooks"  # noqa: S104 - it is asked, not bound


def _web(file: WebFile, own: Document, directory: Path, problems: list[Problem]) -> Web:
    """The desk's pages; passwords in the clear over a network are worth a warning."""
    host, _, port = file.listen.rpartition(":")
    name = host.strip("[]")
    for key, written in (("certificate", file.certificate), ("key", file.key)):
        if written and not (directory / written).is_file():
            problems.append(own.problem(("web", key), f"there is no file {directory / written}"))
    if name and name not in LOOPBACK and not file.certificate:
        reason = "passwords travel in the clear; name a certificate, or listen on loopback behind a reverse proxy"
        problems.append(replace(own.problem(("web", "listen"), reason), is_warning=True))
    return Web(
        host=name,
        port=int(port or 0),
        url=file.url,
        zone=file.zone or "",
        session=file.session,
        certificate=directory / file.certificate if file.certificate else None,
        key=directory / file.key if file.key else None,
        proxies=tuple(file.proxies),
    )


def _snmp(file: SnmpFile) -> Snmp:
    most = file.budget
    return Snmp(
        timeout=file.timeout.total_seconds(),
        retries=file.retries,
        engine=file.engine,
        budget=Budget(seconds=most.time.total_seconds(), rows=most.rows, bytes=most.bytes),
    )


def _reach(file: ReachFile) -> Reaching:
    return Reaching(
        enabled=file.enabled,
        interval=file.interval.total_seconds(),
        patience=file.patience.total_seconds(),
        ports=tuple(file.ports),
    )


def _hearing(file: TrapsFile | SyslogFile) -> Hearing:
    names = tuple(file.credentials) if isinstance(file, TrapsFile) else ()
    return Hearing(listen=file.listen, rate=file.rate, burst=file.burst, credentials=names)


def _report(file: ReportFile, state: Path) -> Report:
    whole = Report(
        day=file.day,
        time=file.time,
        directory=state / file.directory,
        languages=tuple(file.languages),
        forms=tuple(file.forms),
        by_site=file.of == "site",
        mail_to=tuple(file.mail_to),
    )
    return replace(whole, customers={each.name: _own_report(each, whole) for each in file.customer})


def _own_report(own: CustomerReportFile, whole: Report) -> Report:
    return replace(
        whole,
        day=own.day or whole.day,
        time=whole.time if own.time is None else own.time,
        languages=tuple(dict.fromkeys(own.languages)) if own.languages else whole.languages,
        forms=tuple(own.forms) if own.forms else whole.forms,
        by_site=whole.by_site if own.of is None else own.of == "site",
        mail_to=whole.mail_to if own.mail_to is None else tuple(own.mail_to),
    )


def _notices(file: NoticesFile, directory: Path) -> Notices:
    return Notices(
        providers=tuple(dict.fromkeys(file.providers)),
        interval=file.interval,
        timeout=file.timeout,
        documents=file.documents,
        size=file.size,
        authority=directory / file.authority if file.authority else None,
        within=file.within,
    )


def _spares(file: SparesFile) -> Needs:
    rules = {
        each.part_number.casefold(): Rule(
            part_number=each.part_number,
            installed_per_spare=each.installed_per_spare,
            at_least=each.at_least,
            models=tuple(each.models),
        )
        for each in file.part
    }
    return Needs(installed_per_spare=file.installed_per_spare, at_least=file.at_least, rules=rules)


def _state(file: DaemonFile, environ: Mapping[str, str], directory: Path) -> Path:
    """Where the daemon remembers; systemd may name several folders, parted by colons, of which ours is the first."""
    return directory / (file.state or environ.get("STATE_DIRECTORY", "").partition(":")[0] or STATE)
