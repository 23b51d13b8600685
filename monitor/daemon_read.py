"""Reads how the daemon itself works: its state, windows, eyes, reports and notices, of netvigil.toml."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from socket import gethostname

from alerts.desk.spares import Needs, Rule
from collectors.snmp.reader import Budget
from monitor.document import Document
from monitor.netvigil_file import (
    CustomerReportFile,
    DaemonFile,
    NoticesFile,
    PastFile,
    ReachFile,
    ReportFile,
    SnmpFile,
    SparesFile,
    SyslogFile,
    TrapsFile,
    WebFile,
)
from monitor.problem import Problem, Within
from monitor.reference import SecretReference, found
from monitor.settings import (
    Daemon,
    Hearing,
    Notices,
    Past,
    Reaching,
    Report,
    Snmp,
    Web,
)

STATE = "/var/lib/netvigil"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def past_of(
    file: PastFile, own: Document, vault: Mapping[str, str] | None, directory: Path, problems: list[Problem]
) -> Past:
    """Where the past of reports is read from. What is wrong goes to `problems`, as in all of these."""

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


def daemon_of(file: DaemonFile, state: Path) -> Daemon:
    """How the daemon is started, and where its window is."""
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


def web_of(file: WebFile, own: Document, directory: Path, problems: list[Problem]) -> Web:
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


def snmp_of(file: SnmpFile) -> Snmp:
    """How patiently devices are asked."""
    most = file.budget
    return Snmp(
        timeout=file.timeout.total_seconds(),
        retries=file.retries,
        engine=file.engine,
        budget=Budget(seconds=most.time.total_seconds(), rows=most.rows, bytes=most.bytes),
    )


def reach_of(file: ReachFile) -> Reaching:
    """How it is looked whether devices are there at all."""
    return Reaching(
        enabled=file.enabled,
        interval=file.interval.total_seconds(),
        patience=file.patience.total_seconds(),
        ports=tuple(file.ports),
    )


def hearing_of(file: TrapsFile | SyslogFile) -> Hearing:
    """Where traps or syslog messages are heard, and how many of one source."""
    names = tuple(file.credentials) if isinstance(file, TrapsFile) else ()
    return Hearing(listen=file.listen, rate=file.rate, burst=file.burst, credentials=names)


def report_of(file: ReportFile, state: Path) -> Report:
    """When which reports are made, for whom and in which forms."""
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


def notices_of(file: NoticesFile, directory: Path) -> Notices:
    """Where advisories are fetched, and how much of them at most."""
    return Notices(
        providers=tuple(dict.fromkeys(file.providers)),
        interval=file.interval,
        timeout=file.timeout,
        documents=file.documents,
        size=file.size,
        authority=directory / file.authority if file.authority else None,
        within=file.within,
    )


def spares_of(file: SparesFile) -> Needs:
    """What of each part is to be in stock."""
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


def state_of(file: DaemonFile, environ: Mapping[str, str], directory: Path) -> Path:
    """Where the daemon remembers; systemd may name several folders, parted by colons, of which ours is the first."""
    return directory / (file.state or environ.get("STATE_DIRECTORY", "").partition(":")[0] or STATE)
