"""From the file of a scenario to a stage: the devices, and the settings of the daemon that watches them."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

from alerts.papers.forms import Form
from collectors.identify import REDFISH, SYS_DESCR, identified
from collectors.looks import Login
from collectors.platform import Platform
from collectors.recording import NotARecordingError
from monitor.agreement import unknown
from monitor.config import ConfigError, Settings, loaded
from monitor.document import Document, checked, document
from monitor.draft import window
from monitor.inventory import Customer, Inventory
from monitor.model import Device, Level, Recipient, Site
from monitor.problem import Problem, near_word
from monitor.rehearsal.actor import COMMUNITY, Actor
from monitor.rehearsal.boxes import filled
from monitor.rehearsal.cables import cabled, ports
from monitor.rehearsal.cast import DeviceFile, LinkFile, RecipientFile
from monitor.rehearsal.expected import KeyFile
from monitor.rehearsal.happenings import ReloadFile
from monitor.rehearsal.scenario import ScenarioFile
from monitor.toml_lines import KeyPath

CUSTOMER, SITE = "customer", "site-1"
CREDENTIAL, LOGIN = "stage", "stage"
_DOMAIN = "example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that a rehearsal needs. `actors` are by their names, `reloads` the settings that a change brings."""

    file: Path
    scenario: ScenarioFile
    place: Document
    settings: Settings
    actors: Mapping[str, Actor]
    reloads: Mapping[int, Settings] = field(default_factory=dict)


def staged(path: Path, state: Path) -> Stage:
    """The stage of the scenario at `path`; `state` is where the daemon will remember.

    Raises ConfigError with every problem found.
    """
    problems: list[Problem] = []
    source = document(path, problems)
    scenario = checked(source.data, ScenarioFile, source, problems) if source else None
    if source is None or scenario is None:
        raise ConfigError(problems)
    problems += _strangers(source, scenario)
    settings = _settings(path, source, scenario, state, problems)
    if problems or settings is None:
        raise ConfigError(problems)
    actors: dict[str, Actor] = {}
    for number, file in enumerate(scenario.device, 1):
        actor = Actor(file.name, file.address or f"10.0.{number // 250}.{number % 250 + 1}")
        try:
            filled(actor, file, number, path.parent)
        except (OSError, NotARecordingError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            problems.append(source.problem(("device", number - 1, "recording"), reason))
        actors[file.name] = actor
    for at, link in enumerate(scenario.link):
        problems += _unplugged(source, at, link, actors)
        cabled(actors, link)
    if problems:
        raise ConfigError(problems)
    inventory = _inventory(scenario, settings, actors)
    settings = replace(settings, inventory=inventory)
    reloads = dict(_reloads(path, source, scenario, settings, problems))
    if problems:
        raise ConfigError(problems)
    return Stage(file=path, scenario=scenario, place=source, actors=actors, settings=settings, reloads=reloads)


def _reloads(
    path: Path, source: Document, scenario: ScenarioFile, settings: Settings, problems: list[Problem]
) -> Iterator[tuple[int, Settings]]:
    """What each change that reloads puts in place of `settings`: what stands in files; the devices are the same."""
    for at, change in enumerate(scenario.change):
        if change.reload is not None:
            new = _configured(path, source, scenario, ("change", at, "reload"), change.reload, problems)
            if new is not None:
                yield at, replace(settings, policy=new.policy, contract=new.contract, platforms=new.platforms)


def _strangers(source: Document, scenario: ScenarioFile) -> list[Problem]:
    """Names that lead nowhere, and names that are there twice."""
    devices = [each.name for each in scenario.device]
    sites = [each.name for each in scenario.site] or [SITE]
    known = {
        "device": devices,
        "site": sites,
        "device or site": [*devices, *sites],
        "customer": [each.name for each in scenario.customer] or [CUSTOMER],
        "cause of a change": [change.cause for change in scenario.change if change.cause],
    }
    problems = [
        source.problem(("device", at, "name"), f'there are two devices "{name}"')
        for at, name in enumerate(devices)
        if name in devices[:at]
    ]
    for path, kind, name in _names(scenario):
        problems += unknown(source, path, name, kind, known[kind])
    return problems


def _names(scenario: ScenarioFile) -> Iterator[tuple[KeyPath, str, str]]:
    """Every name that must lead somewhere: where it stands, of what it is the name, and the name."""
    for at, site in enumerate(scenario.site):
        if site.customer is not None:
            yield ("site", at, "customer"), "customer", site.customer
    for at, device in enumerate(scenario.device):
        if device.site is not None:
            yield ("device", at, "site"), "site", device.site
        yield from ((("device", at, "parents"), "device", name) for name in device.parents)
    for at, link in enumerate(scenario.link):
        yield from ((("link", at, end), "device", one.device) for end, one in (("a", link.a), ("b", link.b)))
    for at, change in enumerate(scenario.change):
        yield from ((("change", at, "device"), "device", name) for name in change.device)
        yield from ((("change", at, "site"), "site", name) for name in change.site)
    yield from _expected_names(scenario)


def _expected_names(scenario: ScenarioFile) -> Iterator[tuple[KeyPath, str, str]]:
    expect = scenario.expect
    keys: dict[str, Sequence[KeyFile]] = {
        "fault": expect.fault,
        "ticket": expect.ticket,
        "letter": expect.letter,
        "not": expect.nots,
    }
    for word, expected in keys.items():
        for at, key in enumerate(expected):
            if key.device is not None:
                yield ("expect", word, at, "device"), "device or site", key.device
    for at, fault in enumerate(expect.fault):
        if fault.cause:
            yield ("expect", "fault", at, "cause"), "cause of a change", fault.cause


def _unplugged(source: Document, at: int, link: LinkFile, actors: Mapping[str, Actor]) -> Iterator[Problem]:
    """Ends of a cable that no port is at."""
    for key, end in (("a", link.a), ("b", link.b)):
        if actors[end.device].speaks_snmp:
            yield from unknown(source, ("link", at, key), end.port, "port", ports(actors[end.device]))


def _settings(
    path: Path, source: Document, scenario: ScenarioFile, state: Path, problems: list[Problem]
) -> Settings | None:
    """The settings as the daemon would read them, without an inventory yet."""
    read = ReloadFile(config=scenario.config, override=scenario.override)
    settings = _configured(path, source, scenario, (), read, problems)
    if settings is None:
        return None
    daemon, report = (
        replace(settings.daemon, state=state),
        replace(settings.report, directory=state / "reports", forms=(Form.JSON,), customers={}),
    )
    settings = replace(settings, daemon=daemon, report=report)
    recipients = tuple(map(_recipient, scenario.recipient or [RecipientFile(name="Engineer")]))
    return replace(settings, mail=replace(settings.mail, recipients=recipients))


def _configured(
    path: Path, source: Document, scenario: ScenarioFile, at: KeyPath, read: ReloadFile, problems: list[Problem]
) -> Settings | None:
    """The settings of the files that are `read`; `at` is where the scenario says so."""
    folder = path.parent / read.config if read.config else None
    if folder is not None and not folder.is_dir():
        problems.append(source.problem((*at, "config"), f"there is no folder {folder}"))
        return None
    try:
        settings = _shipped(_netvigil(scenario)) if folder is None else _loaded(folder, _netvigil(scenario))
    except ConfigError as error:
        for problem in error.problems:
            if Path(problem.file).name == "netvigil.toml":
                problems.append(source.problem(("settings",), f"{problem.key}: {problem.reason}", problem.hint))
            else:
                problems.append(problem)
        return None
    policy = settings.policy
    names = {rule.name for rules in policy.rules.values() for rule in rules}
    for number, one in enumerate(read.override):
        if one.rule and not any(fnmatchcase(name, one.rule) for name in names):
            place = (*at, "override", number, "rule")
            problems.append(source.problem(place, f'there is no rule "{one.rule}"', near_word(one.rule, names)))
    overrides = (*(one.override() for one in read.override), *policy.overrides)
    return replace(settings, policy=replace(policy, overrides=overrides)) if read.override else settings


@lru_cache(maxsize=8)
def _shipped(text: str) -> Settings:
    """The same without files of one's own, once for all scenarios of a process."""
    return _loaded(None, text)


def _loaded(folder: Path | None, text: str) -> Settings:
    """The settings of netvigil.toml as `text`, beside the files of `folder`."""
    with tempfile.TemporaryDirectory() as made:
        own = Path(made)
        for each in folder.iterdir() if folder else ():
            if each.name in {"contract.toml", "policy.toml", "platforms"}:
                (own / each.name).symlink_to(each.resolve())
        (own / "netvigil.toml").write_text(text, encoding="utf-8")
        (own / "inventory.toml").write_text("", encoding="utf-8")
        try:
            return loaded(own, {}, with_secrets=False)
        except ConfigError as error:
            said = (replace(one, file=one.file.replace(str(own), str(folder or "."))) for one in error.problems)
            raise ConfigError(said) from None


def _netvigil(scenario: ScenarioFile) -> str:
    """netvigil.toml as the scenario would have it."""
    tables: dict[str, dict[str, object]] = {
        "daemon": {"state": "state", "demo": True},
        "visits": {"interval": f"{scenario.interval.total_seconds():g}s"},
        "traps": {"listen": "127.0.0.1:1162"},
        "syslog": {"listen": "127.0.0.1:1514"},
        "mail": {"server": "localhost", "security": "none", "sender": f"netvigil@{_DOMAIN}"},
    }
    for name, table in scenario.settings.items():
        tables[name] = {**tables.get(name, {}), **table} if isinstance(table, dict) else {"": table}
    return "\n".join(
        f"[{name}]\n" + "\n".join(f"{_key(key)} = {_toml(value)}" for key, value in table.items())
        for name, table in tables.items()
    )


def _key(key: str) -> str:
    return json.dumps(key, ensure_ascii=False)


def _toml(value: object) -> str:
    """A value as TOML writes it; JSON's strings are a part of TOML's."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float) else str(value)


def _recipient(file: RecipientFile) -> Recipient:
    word = "".join(sign if sign.isascii() and sign.isalnum() else "." for sign in file.name.lower()).strip(".")
    return Recipient(
        name=file.name,
        address=file.address or f"{word or 'recipient'}@{_DOMAIN}",
        language=file.language,
        customers=tuple(file.customers),
        sites=tuple(file.sites),
        levels=tuple(Level(level) for level in file.levels),
    )


def _inventory(scenario: ScenarioFile, settings: Settings, actors: Mapping[str, Actor]) -> Inventory:
    customers = {each.name: Customer(name=each.name, title=each.title) for each in scenario.customer}
    customers = customers or {CUSTOMER: Customer(name=CUSTOMER, title="Customer")}
    first = next(iter(customers))
    sites = {
        each.name: Site(**{**each.model_dump(), "customer": each.customer or first}) for each in scenario.site
    } or {SITE: Site(name=SITE, customer=first, region="hefei")}
    return Inventory(
        customers=customers,
        sites=sites,
        devices={
            file.name: _device(file, actors[file.name], sites[file.site or next(iter(sites))], settings)
            for file in scenario.device
        },
        windows=tuple(window(number, each) for number, each in enumerate(scenario.maintenance, start=1)),
        credentials={CREDENTIAL: COMMUNITY},
        logins={LOGIN: Login(user="stage", password="stage")},  # noqa: S106 - nobody checks it
    )


def _device(file: DeviceFile, actor: Actor, site: Site, settings: Settings) -> Device:
    eyes = set(file.eyes or ("snmp", "redfish", "ssh"))
    snmp = actor.speaks_snmp and "snmp" in eyes
    return Device(
        name=file.name,
        address=actor.address,
        customer=site.customer,
        site=site.name,
        role=file.role,
        platform=file.platform if snmp or file.platform != "auto" else _platform(actor, settings.platforms),
        credentials=(CREDENTIAL,) if snmp else (),
        redfish=LOGIN if actor.eyes.tree is not None and "redfish" in eyes else "",
        ssh=LOGIN if actor.eyes.commands is not None and "ssh" in eyes else "",
        interval=file.interval or settings.visits.interval,
        expect_up=tuple(file.expect_up),
        parents=tuple(file.parents),
        title=file.title,
    )


def _platform(actor: Actor, platforms: Mapping[str, Platform]) -> str:
    """What a device is that does not speak SNMP, which would say it: by its maker's name, or its version."""
    tree = actor.eyes.tree
    if tree is not None:
        said = [str(one.get("Manufacturer", "")) for path, one in tree.items() if path.count("/") == 4]  # noqa: PLR2004 - /redfish/v1/Systems/x
        makers = (name for name, each in platforms.items() if each.redfish and any(map(each.redfish.search, said)))
        return next(makers, REDFISH)
    version = (actor.eyes.commands or {}).get("display version", b"")
    return identified({SYS_DESCR: version}, platforms).name
