"""The shape of netvigil.toml: the daemon's own settings, as written; monitor/config.py makes values of them."""

import re
from datetime import time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from alerts.papers.forms import Form
from alerts.post.channels import MAIL, ChannelKind
from alerts.post.mail import Security
from collectors.snmp.engines import EngineName
from monitor.fields import (
    ClockTime,
    Duration,
    Host,
    MailAddress,
    Name,
    Port,
    PositiveDuration,
    Settled,
    Share,
    Switch,
    Title,
    Whole,
    Zone,
    host,
)
from monitor.model import Language
from monitor.reference import SecretReference

LAST_PORT = 65535
_LONGEST_TRY = timedelta(seconds=30)


def _listen(raw: str) -> str:
    name, _, port = raw.rpartition(":")
    if not port.isdecimal() or int(port) > LAST_PORT:
        raise ValueError('must be an address and a port, such as "127.0.0.1:9510" or "[::1]:9510"')
    host(name.removeprefix("[").removesuffix("]"))
    return raw


def _maybe_listen(raw: str) -> str:
    return _listen(raw) if raw else raw


def _base(raw: str) -> str:
    if raw and (not re.fullmatch(r"https?://[^\s<>\"'#?]+", raw)):
        raise ValueError('must be an address such as "https://wiki.example.org/runbooks"')
    return raw.rstrip("/")


class DaemonFile(Settled):
    """[daemon]: where it remembers and where it answers."""

    state: str = Field(
        "",
        description="Folder of the database and the documents; a relative path starts at the folder of netvigil.toml. "
        "If left out: what systemd gives (StateDirectory=), else /var/lib/netvigil.",
    )
    listen: Annotated[str, AfterValidator(_listen)] = Field(
        "127.0.0.1:9510", description="Address and port of the metrics and pages. Port 0 takes any free one."
    )
    runbooks: Annotated[str, AfterValidator(_base)] = Field(
        "",
        description="Where the runbook pages are, as letters link to them: an address under which "
        "<language>/<kind> is a page. If left out: the daemon's own, at `listen`.",
    )
    demo: Switch = Field(default=False, description="Allow intervals under 5s, for the demo and for tests on loopback.")


class WebFile(Settled):
    """[web]: the pages of the desk, for people with an account."""

    listen: Annotated[str, AfterValidator(_maybe_listen)] = Field(
        "", description='Address and port, such as "0.0.0.0:8443". If left out there are no pages.'
    )
    url: Annotated[str, AfterValidator(_base)] = Field(
        "",
        description="The address by which people reach the pages, such as https://desk.example.org; forms are taken "
        "from there alone. If left out: from whatever address they were asked for.",
    )
    zone: Zone | None = Field(
        None, description="Time zone of what is of no site; if left out the one that most sites have."
    )
    session: PositiveDuration = Field(timedelta(hours=12), description="Time after which one has to log in again.")
    certificate: str = Field(
        "", description="File of the TLS certificate with its chain (PEM); with it the pages speak HTTPS."
    )
    key: str = Field("", description="File of the certificate's private key.")
    proxies: list[Host] = Field(
        [], description="Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    )

    @model_validator(mode="after")
    def _together(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("certificate and key belong together; name both, or neither")
        return self


class VisitsFile(Settled):
    """[visits]: how often, and how many at once."""

    interval: PositiveDuration = Field(timedelta(seconds=30), description="Time between two visits of a device.")
    jitter: Share = Field(0.1, description="Share of the interval by which a visit may be moved, so that they spread.")
    first_spread: Duration = Field(timedelta(seconds=60), description="Time over which the first visits are spread.")
    per_site: Whole = Field(16, ge=1, description="Visits at the same time at one site.")
    concurrent: Whole = Field(256, ge=1, description="Visits at the same time in all.")
    back_off: PositiveDuration = Field(
        timedelta(minutes=10), description="Longest time between two visits of a device that does not answer."
    )


class BudgetFile(Settled):
    """[snmp.budget]: the most that one visit may cost."""

    time: PositiveDuration = Field(timedelta(seconds=30), description="Wall time of one visit.")
    rows: Whole = Field(20_000, ge=1, description="Rows of one table.")
    bytes: Whole = Field(16_000_000, ge=1, description="Bytes of all answers of one visit.")


class SnmpFile(Settled):
    """[snmp]: how patiently to ask."""

    timeout: PositiveDuration = Field(timedelta(seconds=2), description="Time until a question is repeated.")
    retries: Whole = Field(2, ge=0, le=10, description="Repeats of one question.")
    engine: EngineName = Field(
        EngineName.OWN, description='Who asks: "own" is Netvigil\'s fast engine, "pysnmp" the library PySNMP.'
    )
    budget: BudgetFile = Field(BudgetFile(), description="[snmp.budget]: the most that one visit may cost.")


class RedfishFile(Settled):
    """[redfish]: looks at servers over Redfish. What changes seldom is asked seldom (`every` in platform files)."""

    interval: PositiveDuration = Field(timedelta(seconds=45), description="Time between two looks at a server.")
    timeout: PositiveDuration = Field(timedelta(seconds=25), description="The most that one look may take.")
    concurrent: Whole = Field(64, ge=1, description="Looks at the same time in all.")


class SshFile(Settled):
    """[ssh]: looks at switches over SSH, for what SNMP cannot say."""

    interval: PositiveDuration = Field(timedelta(minutes=15), description="Time between two looks at a switch.")
    timeout: PositiveDuration = Field(timedelta(seconds=25), description="The most that one command may take.")
    concurrent: Whole = Field(30, ge=1, le=100, description="Sessions at the same time in all, each a thread.")


class ReachFile(Settled):
    """[reach]: whether devices are there at all, beside the visits."""

    enabled: Switch = Field(default=True, description="Whether devices are pinged.")
    interval: PositiveDuration = Field(timedelta(seconds=10), description="Time between two checks of a device.")
    patience: PositiveDuration = Field(timedelta(seconds=1), description="Time after which a try counts as lost.")
    ports: list[Port] = Field(
        [22, 443, 80], min_length=1, description="TCP ports that are tried in turn where ICMP is not allowed or silent."
    )

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if self.patience > self.interval:
            raise ValueError("patience must not be longer than interval")
        return self


class SyslogFile(Settled):
    """[syslog]: log lines that devices send."""

    listen: Annotated[str, AfterValidator(_maybe_listen)] = Field(
        "", description='Address and port, over UDP and TCP, such as "0.0.0.0:1514". If left out nothing is heard.'
    )
    rate: Whole = Field(20, ge=1, description="Messages a second of one source; the rest is counted and dropped.")
    burst: Whole = Field(100, ge=1, description="Messages of one source at once.")


class TrapsFile(Settled):
    """[traps]: SNMP traps and informs that devices send."""

    listen: Annotated[str, AfterValidator(_maybe_listen)] = Field(
        "", description='Address and port, such as "0.0.0.0:1162". If left out nothing is heard.'
    )
    rate: Whole = Field(20, ge=1, description="Messages a second of one source; the rest is counted and dropped.")
    burst: Whole = Field(100, ge=1, description="Messages of one source at once.")
    credentials: list[Name] = Field(
        [], description="Credentials that are accepted from any address, besides those of the device itself."
    )


class RecipientFile(Settled):
    """[[mail.recipient]]: someone who gets mail. An empty list means all."""

    name: Title = Field(description="Who it is.")
    address: MailAddress = Field(description="Mail address.")
    language: Language = Field(Language.ZH_CN, description="Language of the letters.")
    customers: list[Name] = Field([], description="Only about these customers.")
    sites: list[Name] = Field([], description="Only about these sites.")
    levels: list[Literal[1, 2, 3, 4]] = Field([], description="Only about faults of these levels; 1 is the gravest.")
    channels: list[Name] = Field([], description="Chat groups ([[channel]]) that are told the same.")


class ChannelFile(Settled):
    """One [[channel]]: a chat group or a gateway for short messages."""

    name: Name = Field(description="Short name, unique; people and recipients name it in `channels`.")
    kind: ChannelKind = Field(description='"wecom", "dingtalk", "feishu" (robots of chat groups), or "sms".')
    url: SecretReference = Field(description="Where its address lies, as apprise writes it; see letters.md.")
    server: Annotated[str, AfterValidator(_base)] = Field(
        "", description="Address in place of the maker's own, for chat that a company runs itself."
    )
    language: Language = Field(Language.ZH_CN, description="Language in a group; of an sms that of its reader counts.")
    body: dict[str, str] = Field(
        {}, description="What the gateway is sent: {phone}, {text} and {id} are filled in. For sms alone."
    )
    accepted: str = Field("", description="What the gateway's answer holds when it has taken it; any 2xx if left out.")
    length: Whole = Field(
        0, ge=0, description="Longest text: octets in chat, characters of an sms; 0 for what the kind takes."
    )
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="The most that one try may take.")
    retry_first: PositiveDuration = Field(timedelta(seconds=15), description="Wait after the first failed try.")
    retry_most: PositiveDuration = Field(timedelta(minutes=5), description="Longest wait; each is twice the last.")
    give_up: PositiveDuration = Field(timedelta(days=1), description="Age at which a letter is put aside, visibly.")

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name == MAIL or "@" in name or "/" in name:
            raise ValueError(f'"{name}" cannot be the name of a channel')
        return name

    @field_validator("timeout")
    @classmethod
    def _is_bounded(cls, timeout: timedelta) -> timedelta:
        if timeout > _LONGEST_TRY:
            raise ValueError("must be at most 30s")
        return timeout

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind is ChannelKind.SMS:
            if not any("{text}" in each for each in self.body.values()):
                raise ValueError(
                    'a channel of kind "sms" needs a body with {text}, such as { to = "{phone}", text = "{text}" }'
                )
        elif self.body or self.accepted:
            raise ValueError('body and accepted are for kind "sms" alone')
        if self.retry_most < self.retry_first:
            raise ValueError("retry_most must not be shorter than retry_first")
        return self


class MailFile(Settled):
    """[mail]: the way out for letters."""

    server: Host = Field(description="SMTP server.")
    port: Port | None = Field(None, description="Port; if left out 587 (starttls), 465 (tls) or 25 (none).")
    security: Security = Field(Security.STARTTLS, description="How the talk is protected.")
    verify: Switch = Field(default=True, description="Whether the server's certificate is checked.")
    authority: str = Field("", description="File of certificates to trust besides the system's.")
    sender: MailAddress = Field(description="Address in From:; its domain is also that of the Message-IDs.")
    sender_name: Title = Field("Netvigil", description="Name in From:.")
    user: str = Field("", description="User name at the server, where it wants one.")
    password: SecretReference | None = Field(None, description="Where the password lies.")
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="The most that one try may take.")
    retry_first: PositiveDuration = Field(timedelta(seconds=15), description="Wait after the first failed try.")
    retry_most: PositiveDuration = Field(timedelta(minutes=5), description="Longest wait; each is twice the last.")
    give_up: PositiveDuration = Field(timedelta(days=5), description="Age at which a letter is put aside, visibly.")
    recipient: list[RecipientFile] = Field([], description="[[mail.recipient]]: who gets mail.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password belong together")
        if self.retry_most < self.retry_first:
            raise ValueError("retry_most must not be shorter than retry_first")
        return self


Told = Literal[
    "opened",
    "responded",
    "dispatched",
    "workaround",
    "loaner",
    "recovered",
    "relapsed",
    "restored",
    "answered",
    "closed",
]
"""Events of which a customer may be told: each has a sentence for customers in alerts/locale."""


class LettersFile(Settled):
    """[letters]: letters to the people of people.toml."""

    customer: list[Told] = Field(
        ["responded", "dispatched", "restored", "closed"],
        description="Events of which the customer's project contact is told; [] for none.",
    )
    quiet_levels: list[Literal[1, 2, 3, 4]] = Field(
        [3, 4], description="Levels whose letters wait for the end of a person's quiet hours."
    )
    links: str = Field(
        "",
        pattern=r"^(https?://[^\s?#<>\"']+)?$",
        description="Address of the pages as readers reach them, for links in letters. If left out: `url` of [web].",
    )
    links_expire: PositiveDuration = Field(timedelta(days=3), description="How long such a link is good.")


class RemindersFile(Settled):
    """[reminders]: how often a ticket that nobody answers is called out again."""

    level_1: Duration = Field(timedelta(minutes=5), description="Time between two reminders, level 1; 0s for none.")
    level_2: Duration = Field(timedelta(minutes=15), description="The same, level 2.")
    level_3: Duration = Field(timedelta(0), description="The same, level 3.")
    level_4: Duration = Field(timedelta(0), description="The same, level 4.")
    acknowledged_1: Duration = Field(timedelta(minutes=30), description="How long an acknowledgement holds, level 1.")
    acknowledged_2: Duration = Field(timedelta(hours=2), description="The same, level 2.")
    acknowledged_3: Duration = Field(timedelta(days=1), description="The same, level 3.")
    acknowledged_4: Duration = Field(timedelta(days=1), description="The same, level 4.")

    @field_validator("level_1", "level_2", "level_3", "level_4")
    @classmethod
    def _seldom(cls, every: timedelta) -> timedelta:
        if timedelta(0) < every < timedelta(minutes=1):
            raise ValueError("must be at least 1min, or 0s for none")
        return every


class MailboxFile(Settled):
    """[mailbox]: the mailbox that answers to letters come to (IMAP); without it none is read."""

    server: Host = Field(description="IMAP server.")
    port: Port | None = Field(None, description="Port; if left out 993 (tls) or 143.")
    security: Security = Field(Security.TLS, description="How the talk is protected.")
    verify: Switch = Field(default=True, description="Whether the server's certificate is checked.")
    authority: str = Field("", description="File of certificates to trust besides the system's.")
    user: str = Field(min_length=1, description="User name at the server.")
    password: SecretReference = Field(description="Where the password lies.")
    folder: str = Field("INBOX", pattern=r"^[ -~]+$", description="Folder that is read; it is Netvigil's alone.")
    interval: PositiveDuration = Field(timedelta(seconds=30), description="Time between two looks.")
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="The most that one step may take.")
    hourly: Whole = Field(10, ge=0, description="Tickets that mails of one sender may open within an hour.")


class StormFile(Settled):
    """[storm]: when many letters at once become one."""

    letters: Whole = Field(10, ge=1, description="More letters than this to one recipient within `every` are a storm.")
    every: PositiveDuration = Field(
        timedelta(minutes=1), description="The time in which they are counted, and between two mails in a storm."
    )
    lighter: PositiveDuration = Field(
        timedelta(seconds=20), description="Between two mails in a storm in which there was nothing of level 1 for 1 h."
    )
    alone: Whole = Field(
        1,
        ge=0,
        le=10,
        description="Faults of level 1 told at once by themselves; more are one digest at once.",
    )
    lines: Whole = Field(50, ge=1, le=500, description="Tickets that a digest shows; the others are counted.")


class CustomerReportFile(Settled):
    """[[report.customer]]: what is special for one customer; what is left out is as in [report]."""

    name: Name = Field(description="Name of a [[customer]].")
    day: Whole | None = Field(None, ge=1, le=28, description="Day of the month, in the zone of each site.")
    time: ClockTime | None = Field(None, description="Time of that day.")
    languages: list[Language] | None = Field(None, min_length=1, description="A report is made in each of them.")
    forms: list[Form] | None = Field(None, min_length=1, description="Files that are written.")
    of: Literal["site", "customer"] | None = Field(None, description="One for each site, or one for all of them.")
    mail_to: list[MailAddress] | None = Field(None, description="Who gets the PDF by mail.")


class ReportFile(Settled):
    """[report]: when the monthly inspection report of the month before is made."""

    day: Whole = Field(1, ge=1, le=28, description="Day of the month, in the zone of each site.")
    time: ClockTime = Field(time(6), description="Time of that day.")
    directory: str = Field("reports", description="Folder; a relative path starts at the state folder.")
    languages: list[Language] = Field([Language.ZH_CN], min_length=1, description="A report is made in each of them.")
    forms: list[Form] = Field(
        [Form.PDF, Form.DOCX, Form.XLSX, Form.JSON], min_length=1, description="Files that are written of each report."
    )
    of: Literal["site", "customer"] = Field(
        "site", description="One report for each site, or one for all sites of a customer."
    )
    mail_to: list[MailAddress] = Field([], description="Who gets the PDF by mail, as soon as it is made.")
    customer: list[CustomerReportFile] = Field(
        [], description="[[report.customer]]: customers with settings of their own."
    )

    @field_validator("languages")
    @classmethod
    def _once_each(cls, languages: list[Language]) -> list[Language]:
        return list(dict.fromkeys(languages))


class HistoryFile(Settled):
    """[history]: what the reports remember."""

    interval: PositiveDuration = Field(
        timedelta(hours=1), description="Time between two stored snapshots of a device on which nothing has changed."
    )


class PastFile(Settled):
    """[past]: a server that speaks Prometheus, which is asked for the past in place of our own store."""

    url: Annotated[str, AfterValidator(_base)] = Field(
        "",
        description="Address of Prometheus, VictoriaMetrics, Thanos or Mimir, below which api/v1/query_range is. "
        "If left out: the past is read from our own store.",
    )
    user: str = Field("", description="User name at the server, where it wants one.")
    password: SecretReference | None = Field(None, description="Where the password lies.")
    token: SecretReference | None = Field(None, description="Where the bearer token lies, in place of a password.")
    verify: Switch = Field(default=True, description="Whether the server's certificate is checked.")
    authority: str = Field("", description="File of certificates to trust besides the system's.")
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="The most that one question may take.")
    size: Whole = Field(256_000_000, ge=10_000, description="Octets of one answer.")

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password belong together")
        if self.user and self.token is not None:
            raise ValueError("user and token exclude each other; name one")
        return self


class SparePartFile(Settled):
    """[[spares.part]]: how many spares of one part number there are to be."""

    part_number: str = Field(min_length=1, description="The maker's part number.")
    installed_per_spare: Whole = Field(20, ge=1, description="One spare for every so many that are installed.")
    at_least: Whole = Field(1, ge=0, description="Never fewer than this, whatever is installed.")
    models: list[str] = Field([], description="Models of the units that it fits; they may hold * and ?.")


class SparesFile(Settled):
    """[spares]: how many spare parts there are to be, by what is installed."""

    installed_per_spare: Whole = Field(20, ge=1, description="One spare for every so many that are installed.")
    at_least: Whole = Field(1, ge=0, description="Never fewer than this of a part that is installed anywhere.")
    part: list[SparePartFile] = Field([], description="[[spares.part]]: part numbers with figures of their own.")

    @field_validator("part")
    @classmethod
    def _once_each(cls, part: list[SparePartFile]) -> list[SparePartFile]:
        seen: set[str] = set()
        for each in part:
            if each.part_number.casefold() in seen:
                raise ValueError(f'part number "{each.part_number}" stands here twice; remove one')
            seen.add(each.part_number.casefold())
        return part


class DiagnosisFile(Settled):
    """[diagnosis]: what a device is asked once when a ticket about it opens."""

    enabled: Switch = Field(default=True, description="Whether tickets are diagnosed by themselves.")
    timeout: PositiveDuration = Field(timedelta(minutes=2), description="The most that one diagnosis may take.")
    concurrent: Whole = Field(2, ge=1, le=20, description="Diagnoses at the same time.")
    hourly: Whole = Field(60, ge=1, description="Diagnoses in any hour; in a storm the gravest tickets come first.")
    within: PositiveDuration = Field(
        timedelta(hours=1), description="Age of a ticket after which it is no longer diagnosed by itself."
    )
    log: PositiveDuration = Field(timedelta(hours=6), description="How far back logs and the history are told.")
    size: Whole = Field(1_000_000, ge=10_000, description="Octets of one diagnosis.")


class AttachmentsFile(Settled):
    """[attachments]: what is attached to tickets."""

    size: Whole = Field(20_000_000, ge=10_000, description="Octets of one attachment.")


def _provider(raw: str) -> str:
    if not re.fullmatch(r"https://[A-Za-z0-9.\-]+(:[0-9]+)?/[^\s<>\"'#?@]*\.json", raw):
        raise ValueError(
            'must be an address such as "https://www.example.com/.well-known/csaf/provider-metadata.json"; only https'
        )
    return raw


class NoticesFile(Settled):
    """[notices]: notices of the makers. Bundles are taken in by `netvigil notice import`; nothing else is needed."""

    providers: list[Annotated[str, AfterValidator(_provider)]] = Field(
        [], description="CSAF provider metadata (https) to fetch from; none if left out: nothing leaves the house."
    )
    interval: PositiveDuration = Field(timedelta(hours=6), description="Time between two fetches of a provider.")
    timeout: PositiveDuration = Field(timedelta(seconds=30), description="The most that one request may take.")
    documents: Whole = Field(500, ge=1, le=10_000, description="Documents of one fetch; the rest comes with the next.")
    size: Whole = Field(16_777_216, ge=10_000, le=67_108_864, description="Octets of one document.")
    authority: str = Field("", description="File of certificates to trust besides the system's.")
    within: PositiveDuration = Field(
        timedelta(days=1), description="Time from when a notice is seen until a customer whom it touches is told."
    )


class NetvigilFile(Settled):
    """The whole of netvigil.toml."""

    daemon: DaemonFile = Field(DaemonFile(), description="[daemon]: where it remembers and where it answers.")
    web: WebFile = Field(WebFile(), description="[web]: the pages of the desk.")
    visits: VisitsFile = Field(VisitsFile(), description="[visits]: how often, and how many at once.")
    snmp: SnmpFile = Field(SnmpFile(), description="[snmp]: how patiently to ask.")
    redfish: RedfishFile = Field(RedfishFile(), description="[redfish]: looks at servers over Redfish.")
    ssh: SshFile = Field(SshFile(), description="[ssh]: looks at switches over SSH.")
    reach: ReachFile = Field(ReachFile(), description="[reach]: whether devices are there at all.")
    traps: TrapsFile = Field(TrapsFile(), description="[traps]: SNMP traps and informs that devices send.")
    syslog: SyslogFile = Field(SyslogFile(), description="[syslog]: log lines that devices send.")
    mail: MailFile | None = Field(None, description="[mail]: the way out for letters; without it nobody is told.")
    channel: list[ChannelFile] = Field([], description="[[channel]]: chat groups and short messages.")
    letters: LettersFile = Field(LettersFile(), description="[letters]: letters to the people of people.toml.")
    reminders: RemindersFile = Field(RemindersFile(), description="[reminders]: calls that nobody answers, again.")
    mailbox: MailboxFile | None = Field(None, description="[mailbox]: where answers to letters are read.")
    storm: StormFile = Field(StormFile(), description="[storm]: when many letters at once become one.")
    report: ReportFile = Field(ReportFile(), description="[report]: the monthly inspection report.")
    diagnosis: DiagnosisFile = Field(
        DiagnosisFile(), description="[diagnosis]: what a device is asked once when a ticket about it opens."
    )
    attachments: AttachmentsFile = Field(AttachmentsFile(), description="[attachments]: what is attached to tickets.")
    notices: NoticesFile = Field(NoticesFile(), description="[notices]: notices of the makers.")
    history: HistoryFile = Field(HistoryFile(), description="[history]: what the reports remember.")
    past: PastFile = Field(PastFile(), description="[past]: where the past is read, if not in our own store.")
    spares: SparesFile = Field(SparesFile(), description="[spares]: how many spare parts there are to be.")
