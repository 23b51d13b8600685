"""All configuration: from the files of one folder to the frozen `Settings` that the daemon runs on, or its problems.

netvigil.toml, inventory.toml and people.toml (if there is one) are the user's own. Of contract.toml, policy.toml,
forecasts.toml, inspection.toml and platforms/*.toml those that lie in the folder count, and the ones that come with
Netvigil fill the gaps (monitor/shipped.py).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from alerts.desk.contract import ContractFile, contract
from alerts.desk.people import People
from alerts.faults.policy import Policy, PolicyFile, policy
from alerts.notices.forecast_rules import ForecastsFile
from alerts.notices.forecast_rules import rules as forecast_rules
from alerts.post.channels import ChannelKind
from alerts.reports.items import ItemsFile, items
from collectors.platform import Platform, PlatformFile, platforms
from collectors.tables import Eye
from monitor.agreement import SHORTEST, Surroundings, disagreements, unknown
from monitor.credentials import credentials, logins
from monitor.daemon_read import (
    daemon_of,
    hearing_of,
    notices_of,
    past_of,
    reach_of,
    report_of,
    snmp_of,
    spares_of,
    state_of,
    web_of,
)
from monitor.document import Document, checked, contents, document, parsed
from monitor.draft import Draft, drafted, entries, inventory
from monitor.fields import said_duration
from monitor.model import EventKind, Level
from monitor.netvigil_file import (
    CustomerReportFile,
    NetvigilFile,
    RecipientFile,
)
from monitor.papers_file import dresses
from monitor.people_agreement import Known, misnamed
from monitor.people_file import PeopleFile
from monitor.people_read import people
from monitor.post_read import channels_of, everywhere_of, mail_of, mailbox_of, reached_of, reminders_of
from monitor.problem import ConfigError, Problem, check_lines
from monitor.settings import (
    Diagnosis,
    Letters,
    Looking,
    Past,
    Settings,
    Storm,
    Visits,
    Web,
)
from monitor.shipped import shipped

__all__ = ["ConfigError", "Problem", "Settings", "check_lines", "knowledge", "loaded", "summary"]

PEOPLE = "people.toml"
_PLATFORM_ERROR = re.compile(r"(?P<name>[^:]+)\.toml: (?P<key>[^:]*): (?P<reason>.*)", re.DOTALL)

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
    box = mailbox_of(file.mailbox, own, vault, directory, problems) if own and file and file.mailbox else None
    post = mail_of(file.mail, own, vault, directory, problems) if own and file else None
    channels = channels_of(own, vault, directory, problems) if own and file else {}
    before = past_of(file.past, own, vault, directory, problems) if own and file else Past()
    pages = web_of(file.web, own, directory, problems) if own and file else Web()
    errors = [problem for problem in problems if not problem.is_warning]
    if errors or not (file and draft and promises and rules and foretelling and sheet and post):
        raise ConfigError(dict.fromkeys(errors))
    state = state_of(file.daemon, environ, directory)
    return Settings(
        daemon=daemon_of(file.daemon, state),
        web=pages,
        visits=Visits(**dict(file.visits)),
        snmp=snmp_of(file.snmp),
        looking={Eye.REDFISH: Looking(**dict(file.redfish)), Eye.SSH: Looking(**dict(file.ssh))},
        reach=reach_of(file.reach),
        traps=hearing_of(file.traps),
        syslog=hearing_of(file.syslog),
        mail=replace(post, recipients=everywhere_of(post.recipients, file, channels)),
        channels=channels,
        storm=Storm(**dict(file.storm)),
        letters=Letters(
            customer=tuple(EventKind(each) for each in file.letters.customer),
            quiet=frozenset(Level(each) for each in file.letters.quiet_levels),
            links=(file.letters.links or file.web.url).rstrip("/"),
            links_expire=file.letters.links_expire,
        ),
        reminders=reminders_of(file.reminders),
        mailbox=box,
        past=before,
        diagnosis=Diagnosis(**dict(file.diagnosis)),
        attachment=file.attachments.size,
        report=report_of(file.report, state),
        spares=spares_of(file.spares),
        notices=notices_of(file.notices, directory),
        snapshot_interval=file.history.interval,
        inventory=inventory(draft, secrets, entered, file.visits.interval),
        contract=contract(promises),
        people=reached_of(folk, channels),
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
