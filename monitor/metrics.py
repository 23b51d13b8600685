"""Beside the way of a fault: the daemon's own health as Prometheus metrics. The devices' series are in `series.py`.

One `Metrics` per daemon with a registry of its own; its methods are named for what happened.
"""

import platform
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric

from collectors.snmp.reader import Silence
from monitor.model import Device, Fault, FaultKey, Level

ANSWERED, CRASHED = "answered", "crashed"
RESULTS = (ANSWERED, *(silence.value for silence in Silence), CRASHED)
"""How a visit can end: answered, the reason of a silence, or crashed (a defect of ours)."""

_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_HOPS = (1, 2.5, 5, 10, 15, 30, 45, 60, 120, 300, 900, 1800, 3600)
LOGINS = ("ok", "failed", "locked")
"""How a login can end; locked: it was not heard, after too many failures."""
POLL, TRAP = "poll", "trap"
"""How a fault became known: a visit found it, or a trap or log line told of it."""


class _Plain(CollectorRegistry):
    """A registry without the `_created` series of OpenMetrics, which text format 0.0.4 shows as metrics of their own.

    `prometheus_client.disable_created_metrics` does the same, but by a switch for the whole process.
    """

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


class Metrics:
    """What the daemon tells of itself."""

    def __init__(self, version: str) -> None:
        self._registry = own = _Plain()
        ProcessCollector(registry=own)
        build = Gauge("netvigil_build_info", "Always 1; the labels say what runs.", ["version", "python"], registry=own)
        build.labels(version, platform.python_version()).set(1)
        self._devices = Gauge("netvigil_devices", "Devices in the inventory in force.", registry=own)
        self._visits = Counter("netvigil_visits", "Visits, by how they ended.", ["result"], registry=own)
        self._duration = Histogram(
            "netvigil_visit_duration_seconds", "How long visits took.", buckets=_SLOW, registry=own
        )
        self._lateness = Histogram(
            "netvigil_visit_lateness_seconds", "How long after they were due visits began.", buckets=_SLOW, registry=own
        )
        self._commit = Histogram(
            "netvigil_store_commit_duration_seconds", "How long commits took.", buckets=_QUICK, registry=own
        )
        self._faults = Gauge("netvigil_faults", "Open faults, by level (1 is the gravest).", ["level"], registry=own)
        self._tickets = Gauge("netvigil_tickets", "Tickets not closed, by level.", ["level"], registry=own)
        self._outbox = Gauge("netvigil_outbox_letters", "Letters in the outbox, by state.", ["state"], registry=own)
        self._oldest = Gauge(
            "netvigil_outbox_oldest_timestamp_seconds",
            "When the oldest letter of that state was written, of those not accepted; absent where there is none.",
            ["state"],
            registry=own,
        )
        self._posted = Counter(
            "netvigil_letters_posted", "Attempts to post a letter, by way and result.", ["way", "result"], registry=own
        )
        self._ways = Gauge(
            "netvigil_way_up",
            "Whether letters leave by this way (mail, or a channel): 1 yes, 0 it has failed for a minute.",
            ["way"],
            registry=own,
        )
        self._logins = Counter(
            "netvigil_logins",
            "Logins to the desk's pages: ok, failed, or locked (not heard, after too many failures).",
            ["result"],
            registry=own,
        )
        self._gaps = Gauge(
            "netvigil_rota_gap_seconds",
            "How long within the next 30 days nobody is on duty for a tier that has a rota.",
            ["tier", "customer", "site"],
            registry=own,
        )
        self._storms = Gauge(
            "netvigil_storm_recipients", "Recipients to whom a digest goes in place of letters.", registry=own
        )
        self._mails = Counter(
            "netvigil_mailbox_mails", "Mails read from the mailbox, by what came of them.", ["result"], registry=own
        )
        self._mailbox = Gauge(
            "netvigil_mailbox_last_look_timestamp_seconds",
            "When the mailbox was last looked through; 0 where it never was.",
            registry=own,
        )
        self._loaded = Gauge(
            "netvigil_config_last_reload_successful",
            "Whether the configuration on disk is the one in force: 1 yes, 0 it was refused.",
            registry=own,
        )
        self._loaded_at = Gauge(
            "netvigil_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was read.",
            registry=own,
        )
        self._looks = Counter(
            "netvigil_looks", "Looks over Redfish and SSH, by how they ended.", ["eye", "result"], registry=own
        )
        self._look_duration = Histogram(
            "netvigil_look_duration_seconds", "How long looks took.", ["eye"], buckets=_SLOW, registry=own
        )
        self._shouts = Counter(
            "netvigil_shouts",
            "Traps and log lines, by what came of them.",
            ["way", "result"],
            registry=own,
        )
        self._icmp = Gauge(
            "netvigil_icmp_allowed",
            "Whether devices are pinged: 1 yes, 0 the system does not allow it and TCP takes its place.",
            registry=own,
        )
        self._maintenance = Gauge("netvigil_maintenance_active", "Maintenance windows that are on.", registry=own)
        self._covered_devices = Gauge(
            "netvigil_maintenance_device",
            "Always 1: a device that is under maintenance as a whole.",
            ["target", "customer", "site"],
            registry=own,
        )
        self._covered_parts = Gauge(
            "netvigil_maintenance_part",
            "Always 1: a part with an open fault that is under maintenance.",
            ["target", "kind", "component"],
            registry=own,
        )
        self._covered_faults = Gauge(
            "netvigil_faults_under_maintenance", "Open faults under maintenance, by level.", ["level"], registry=own
        )
        self._confirmation = Histogram(
            "netvigil_fault_confirmation_seconds",
            "From when a fault was first seen until it was confirmed.",
            ["level"],
            buckets=_HOPS,
            registry=own,
        )
        self._acceptance = Histogram(
            "netvigil_letter_acceptance_seconds",
            "From when a letter was queued until a mail server took it, by itself or within a digest.",
            buckets=_HOPS,
            registry=own,
        )
        self._notification = Histogram(
            "netvigil_fault_notification_seconds",
            "From when a fault was first seen, or a trap or log line told of it, until its first letter was accepted.",
            ["source"],
            buckets=_HOPS,
            registry=own,
        )
        self._response = Histogram(
            "netvigil_ticket_response_seconds",
            "From when a ticket was opened until somebody responded.",
            ["level"],
            buckets=_HOPS,
            registry=own,
        )
        self._source_read = Gauge(
            "netvigil_notice_source_last_read_timestamp_seconds",
            "When a source of notices of the makers was last read; 0 where it never was.",
            ["source"],
            registry=own,
        )
        self._source_undetermined = Gauge(
            "netvigil_notice_devices_undetermined",
            "Devices of which something cannot be told from a source of notices.",
            ["source"],
            registry=own,
        )
        self._source_refused = Gauge(
            "netvigil_notice_records_refused",
            "Records of a source of notices that could not be read the last time.",
            ["source"],
            registry=own,
        )
        self._forecasts = Gauge(
            "netvigil_forecasts", "What is foreseen, by the way in which it was found.", ["signal"], registry=own
        )
        self._foretold = Gauge(
            "netvigil_forecast_last_round_timestamp_seconds",
            "When the last look ahead was made to its end; 0 where none was.",
            registry=own,
        )
        self._certificates = Gauge(
            "netvigil_own_certificate_expires_timestamp_seconds",
            "When a certificate ends by which Netvigil itself lives.",
            ["what"],
            registry=own,
        )
        self._spares_short = Gauge(
            "netvigil_spares_short",
            "How many spares of a part number are missing in the stores, by what is installed.",
            ["part_number"],
            registry=own,
        )
        for level in Level:
            self._confirmation.labels(str(level.value))
            self._response.labels(str(level.value))
        for source in (POLL, TRAP):
            self._notification.labels(source)
        for login in LOGINS:
            self._logins.labels(login)
        for result in RESULTS:
            self._visits.labels(result)
        self.counted(faults={}, tickets={})
        self.maintained(0, ())

    def visited(self, silence: StrEnum | None, *, took: timedelta, late: timedelta) -> None:
        """A visit ended, with what it found, how long it took and how long after it was due it began."""
        self._visits.labels(ANSWERED if silence is None else silence.value).inc()
        self._duration.observe(took.total_seconds())
        self._lateness.observe(max(late.total_seconds(), 0))

    def crashed(self) -> None:
        """A visit ended in an exception: a defect of ours, never the device's doing."""
        self._visits.labels(CRASHED).inc()

    def of_eye(self, eye: str) -> "LookMetrics":
        """Where the looks of one eye are counted."""
        return LookMetrics(self._looks, self._look_duration, eye)

    def committed(self, took: timedelta) -> None:
        """A transaction was committed."""
        self._commit.observe(took.total_seconds())

    def counted(self, *, faults: Mapping[Level, int], tickets: Mapping[Level, int]) -> None:
        """Open faults and tickets were counted anew. A level that is not mentioned has none."""
        for level in Level:
            self._faults.labels(str(level.value)).set(faults.get(level, 0))
            self._tickets.labels(str(level.value)).set(tickets.get(level, 0))

    def maintained(self, windows: int, faults: Collection[tuple[FaultKey, Level]]) -> None:
        """The windows that are on were counted, and the open faults that they cover."""
        self._maintenance.set(windows)
        for level in Level:
            self._covered_faults.labels(str(level.value)).set(sum(each is level for _, each in faults))
        self._covered_parts.clear()
        for key, _ in faults:
            self._covered_parts.labels(key.device, key.kind, key.label).set(1)

    def covered(self, devices: Iterable[Device]) -> None:
        """Windows have begun or ended, and these devices are covered now as a whole."""
        self._covered_devices.clear()
        for device in devices:
            self._covered_devices.labels(device.name, device.customer, device.site).set(1)

    def outbox_counted(self, letters: Mapping[str, int], oldest: Mapping[str, datetime]) -> None:
        """The outbox was looked through: letters by state, and when the oldest undelivered of a state was written."""
        _replace(self._outbox, letters)
        _replace(self._oldest, {state: written.timestamp() for state, written in oldest.items()})

    def mail_read(self, result: str) -> None:
        """A mail was filed, and this came of it."""
        self._mails.labels(result).inc()

    def mailbox_looked_at(self, now: datetime) -> None:
        """The mailbox was looked through."""
        self._mailbox.set(now.timestamp())

    def logged_in(self, result: str) -> None:
        """Somebody gave name and password to the pages; `result` is one of LOGINS."""
        self._logins.labels(result).inc()

    def gaps_counted(self, seconds: Mapping[tuple[str, str, str], float]) -> None:
        """The rotas were looked through: by tier, customer and site, how long nobody will be on duty."""
        self._gaps.clear()
        for labels, span in seconds.items():
            self._gaps.labels(*labels).set(span)

    def stormed(self, recipients: int) -> None:
        """It was looked how many recipients have more letters than they would read."""
        self._storms.set(recipients)

    def advised(self, sources: Mapping[str, tuple[datetime | None, int, int]]) -> None:
        """It was looked how far each source of notices is known: read when, devices undetermined, records refused."""
        for gauge in (self._source_read, self._source_undetermined, self._source_refused):
            gauge.clear()
        for name, (read, undetermined, refused) in sources.items():
            self._source_read.labels(name).set(read.timestamp() if read else 0)
            self._source_undetermined.labels(name).set(undetermined)
            self._source_refused.labels(name).set(refused)

    def foretold(self, counts: Mapping[str, int], at: datetime | None) -> None:
        """It was looked how much is foreseen, and when that was made."""
        _replace(self._forecasts, counts)
        self._foretold.set(at.timestamp() if at else 0)

    def spares_counted(self, short: Mapping[str, int]) -> None:
        """The stores were held against what is installed: how many are missing of each part number."""
        _replace(self._spares_short, short)

    def own_certificates(self, ends: Mapping[str, datetime]) -> None:
        """When the certificates end by which Netvigil itself lives."""
        _replace(self._certificates, {what: at.timestamp() for what, at in ends.items()})

    def posted(self, way: str, result: str) -> None:
        """The other side answered to a letter, or none could be reached."""
        self._posted.labels(way, result).inc()

    def ways(self, up: Mapping[str, bool]) -> None:
        """By which ways letters leave, and by which they do not."""
        _replace(self._ways, up)

    def confirmed(self, fault: Fault) -> None:
        """A fault was opened. One that was a symptom counts from when it stood alone."""
        if fault.opened_at is not None:
            since = fault.changed_at if fault.changed_at <= fault.opened_at else fault.first_seen
            self._confirmation.labels(str(fault.level.value)).observe(_seconds(fault.opened_at - since))

    def accepted(self, waited: timedelta) -> None:
        """A mail server took a letter that had waited for so long."""
        self._acceptance.observe(_seconds(waited))

    def notified(self, took: timedelta, *, told: bool) -> None:
        """A mail server took the first letter about a fault; `told` where a trap or log line had told of it."""
        self._notification.labels(TRAP if told else POLL).observe(_seconds(took))

    def responded(self, level: Level, took: timedelta) -> None:
        """Somebody answered to a ticket of that level."""
        self._response.labels(str(level.value)).observe(_seconds(took))

    def loaded(self, devices: Collection[object], at: datetime) -> None:
        """A configuration came into force."""
        self._loaded.set(1)
        self._loaded_at.set(at.timestamp())
        self._devices.set(len(devices))

    def refused(self) -> None:
        """A configuration was read and refused; the old one stays in force."""
        self._loaded.set(0)

    def shouted(self, way: str, result: str, count: int = 1) -> None:
        """Traps ("trap") or log lines ("syslog") came, and this is what came of them."""
        self._shouts.labels(way, result).inc(count)

    def reaching(self, *, icmp: bool) -> None:
        """It was found out whether the system lets us ping."""
        self._icmp.set(icmp)

    def text(self) -> bytes:
        """All of it in text format 0.0.4."""
        return generate_latest(self._registry)


class LookMetrics:
    """The looks of one eye, counted beside the visits."""

    def __init__(self, looks: Counter, duration: Histogram, eye: str) -> None:
        """Count under `eye`."""
        self._looks, self._duration, self._eye = looks, duration, eye

    def visited(self, silence: StrEnum | None, *, took: timedelta, late: timedelta) -> None:  # noqa: ARG002 - Counts
        """A look ended, with what it found and how long it took."""
        self._looks.labels(self._eye, ANSWERED if silence is None else silence.value).inc()
        self._duration.labels(self._eye).observe(took.total_seconds())

    def crashed(self) -> None:
        """A look ended in an exception: a defect of ours, never the device's doing."""
        self._looks.labels(self._eye, CRASHED).inc()


def _seconds(span: timedelta) -> float:
    """A span; none is below zero, though the wall clock may have been set back."""
    return max(span.total_seconds(), 0)


def _replace(gauge: Gauge, values: Mapping[str, float]) -> None:
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
