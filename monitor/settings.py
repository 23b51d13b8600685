"""The settings as plain frozen values: what the daemon runs on once its configuration was read (monitor/config.py)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from pathlib import Path

from alerts.desk.contract import Contract
from alerts.desk.people import People
from alerts.desk.reminding import Reminders
from alerts.desk.spares import Needs
from alerts.faults.policy import Policy
from alerts.notices.forecast_rules import Rules as ForecastRules
from alerts.papers.dress import PLAIN, Dress
from alerts.papers.forms import Form
from alerts.post.audience import CUSTOMERS
from alerts.post.channels import Channel
from alerts.post.mail import MailSettings, Security
from alerts.reports.items import Items
from collectors.looks import Door
from collectors.platform import Platform
from collectors.snmp.engines import EngineName
from collectors.snmp.reader import Budget, Community, Target
from collectors.tables import Eye
from monitor.inventory import Inventory
from monitor.model import Device, EventKind, FaultKey, Language, Level, Recipient, place_of
from monitor.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Daemon:
    """Where the daemon remembers and where it answers. `runbooks` is where letters find the pages, "" for nowhere."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 9510
    demo: bool = False
    runbooks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the desk's pages answer (`host` "" for nowhere), and for how long a login lasts."""

    host: str = ""
    port: int = 0
    url: str = ""
    zone: str = ""
    session: timedelta = timedelta(hours=12)
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()

    @property
    def is_secure(self) -> bool:
        """True where browsers come over HTTPS, to us or to a proxy in front of us."""
        return self.certificate is not None or self.url.startswith("https:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """How often devices are visited, and how many at once. `jitter` is a share of the interval."""

    interval: timedelta
    jitter: float
    first_spread: timedelta
    per_site: int
    concurrent: int
    back_off: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Snmp:
    """How patiently devices are asked (seconds), by which engine, and what one visit may cost."""

    timeout: float
    retries: int
    budget: Budget
    engine: EngineName = EngineName.OWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How often an eye beside SNMP looks at a device, how long a look may take, and how many there are at once."""

    interval: timedelta
    timeout: timedelta
    concurrent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """How it is found out whether devices are there (seconds)."""

    enabled: bool = True
    interval: float = 10.0
    patience: float = 1.0
    ports: tuple[int, ...] = (22, 443, 80)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Where traps or log lines are heard ("" for nowhere), and how many of each source: a second, and at once.

    `credentials` are names of those that are accepted from any address, besides the device's own; for traps alone.
    """

    listen: str = ""
    rate: float = 20.0
    burst: float = 100.0
    credentials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The way out for letters, who gets them, and how long it is tried. `domain` is that of our Message-IDs."""

    server: MailSettings
    domain: str
    recipients: tuple[Recipient, ...]
    retry_first: timedelta
    retry_most: timedelta
    give_up: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Who else is told, and what waits: customers' events, levels with quiet hours, links to acknowledge ("": none)."""

    customer: tuple[EventKind, ...] = CUSTOMERS
    quiet: frozenset[Level] = frozenset({Level.MINOR, Level.WARNING})
    links: str = ""
    links_expire: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where the mailbox is, who we are to its server, and how often it is read."""

    server: str
    port: int
    user: str
    security: Security = Security.TLS
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    interval: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=30)
    verify: bool = True
    authority: Path | None = None
    hourly: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """When letters become a digest: more than `letters` within `every`, but for `alone` of level 1.

    Digests are `every` apart, or `lighter` as long as there was nothing of level 1.
    """

    letters: int = 10
    every: timedelta = timedelta(minutes=1)
    lighter: timedelta = timedelta(seconds=20)
    alone: int = 1
    lines: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """When a device is diagnosed for a ticket, and what that may cost. `log` is how far back logs are read."""

    enabled: bool = True
    timeout: timedelta = timedelta(minutes=2)
    concurrent: int = 2
    hourly: int = 60
    within: timedelta = timedelta(hours=1)
    log: timedelta = timedelta(hours=6)
    size: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The server that is asked for the past (`url` "": our own store), and how."""

    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify: bool = True
    authority: Path | None = None
    timeout: timedelta = timedelta(seconds=30)
    size: int = 256_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """When the inspection report of the month before is made, where its files lie, in which languages and forms.

    `by_site`: one for each site, else one for all sites of a customer. `mail_to` get its PDF by mail. `customers` have
    settings of their own.
    """

    day: int
    time: time
    directory: Path
    languages: tuple[Language, ...]
    forms: tuple[Form, ...] = (Form.PDF, Form.DOCX, Form.XLSX, Form.JSON)
    by_site: bool = True
    mail_to: tuple[str, ...] = ()
    customers: Mapping[str, "Report"] = field(default_factory=dict)

    def of(self, customer: str) -> "Report":
        """The settings for one customer."""
        return self.customers.get(customer, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Notices of the makers: where they are fetched from, how often, how much at most; and within which time to tell.

    `providers` are addresses of CSAF provider metadata; none means that nothing is fetched.
    """

    providers: tuple[str, ...] = ()
    interval: timedelta = timedelta(hours=6)
    timeout: timedelta = timedelta(seconds=30)
    documents: int = 500
    size: int = 16 * 1024 * 1024
    authority: Path | None = None
    within: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of the configuration. `warnings` is what was found unwise but not wrong."""

    daemon: Daemon
    visits: Visits
    snmp: Snmp
    looking: Mapping[Eye, Looking]
    reach: Reaching
    traps: Hearing
    syslog: Hearing
    mail: Mail
    report: Report
    snapshot_interval: timedelta
    inventory: Inventory
    contract: Contract
    policy: Policy
    platforms: Mapping[str, Platform]
    forecasts: ForecastRules = field(default_factory=ForecastRules)
    items: Items = field(default_factory=Items)
    storm: Storm = Storm()
    past: Past = field(default_factory=Past)
    letters: Letters = Letters()
    channels: Mapping[str, Channel] = field(default_factory=dict)
    reminders: Reminders = field(default_factory=Reminders)
    mailbox: Mailbox | None = None
    people: People = field(default_factory=People)
    spares: Needs = field(default_factory=Needs)
    diagnosis: Diagnosis = Diagnosis()
    attachment: int = 20_000_000
    web: Web = Web()
    papers: Mapping[str, Dress] = field(default_factory=dict)
    notices: Notices = Notices()
    warnings: tuple[Problem, ...] = ()

    @property
    def zone(self) -> str:
        """The time zone of what is of no site: as [web] says, else the one that most sites have."""
        if self.web.zone:
            return self.web.zone
        counts = Counter(site.zone for site in self.inventory.sites.values())
        return min(counts, key=lambda zone: (-counts[zone], zone), default="UTC")

    def dress(self, customer: str) -> Dress:
        """How the papers of `customer` are dressed."""
        return self.papers.get(customer, self.papers.get("_default", PLAIN))

    def targets(self, device: Device) -> tuple[Target, ...]:
        """The ways to talk to `device`, one for each of its credentials, in their order."""
        return tuple(
            Target(
                address=device.address,
                port=device.port,
                credential=self.inventory.credentials[name],
                timeout=self.snmp.timeout,
                retries=self.snmp.retries,
            )
            for name in device.credentials
        )

    def place(self, key: FaultKey) -> Device | None:
        """The device that a fault is of; of a fault of a whole site the site, as if it were one. None: it is gone."""
        return place_of(key, self.inventory.devices, self.inventory.sites)

    def seen_by(self, eye: Eye) -> dict[str, Device]:
        """The devices that `eye` looks at, by name, with its own time between two looks."""
        interval = self.looking[eye].interval
        return {
            name: replace(device, interval=interval)
            for name, device in self.inventory.devices.items()
            if _login(device, eye)
        }

    def secrets(self, device: Device) -> Iterator[str]:
        """What opens doors, of all devices; and who goes through those of this one. What leaves the house has none."""
        for name, each in self.inventory.credentials.items():
            if isinstance(each, Community):
                yield each.community
            else:
                yield from (each.auth_key, each.priv_key, *([each.user] if name in device.credentials else []))
        for name, login in self.inventory.logins.items():
            yield from (login.password, *([login.user] if name in {device.ssh, device.redfish} else []))

    def door(self, device: Device, eye: Eye, pin: str) -> Door:
        """Where `eye` goes in at `device`, which once showed itself as `pin`."""
        return Door(
            address=device.address,
            port=device.redfish_port if eye is Eye.REDFISH else device.ssh_port,
            login=self.inventory.logins[_login(device, eye)],
            pin=pin,
            timeout=self.looking[eye].timeout.total_seconds(),
        )


def _login(device: Device, eye: Eye) -> str:
    return device.redfish if eye is Eye.REDFISH else device.ssh
