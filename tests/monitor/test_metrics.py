"""The daemon's own metrics: read back with the parser of prometheus-client; and compared with docs/metrics.md."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors.snmp.reader import Silence
from monitor.metrics import Metrics
from monitor.model import Level
from monitor.series import FAMILIES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    found = [
        sample.value
        for metric in text_string_to_metric_families(metrics.text().decode())
        for sample in metric.samples
        if sample.name == name and sample.labels == labels
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_visits_are_counted_by_how_they_ended(metrics: Metrics) -> None:
    metrics.visited(None, took=timedelta(seconds=0.3), late=timedelta(seconds=2))
    metrics.visited(Silence.TIMEOUT, took=timedelta(seconds=6), late=timedelta())
    metrics.crashed()
    assert value(metrics, "netvigil_visits_total", result="answered") == 1
    assert value(metrics, "netvigil_visits_total", result="timeout") == 1
    assert value(metrics, "netvigil_visits_total", result="crashed") == 1
    assert value(metrics, "netvigil_visits_total", result="wrong_key") == 0
    assert value(metrics, "netvigil_visit_duration_seconds_sum") == 6.3
    assert value(metrics, "netvigil_visit_lateness_seconds_sum") == 2
    assert value(metrics, "netvigil_visit_lateness_seconds_bucket", le="2.5") == 2


def test_visit_before_it_was_due_is_not_late(metrics: Metrics) -> None:
    metrics.visited(None, took=timedelta(), late=timedelta(seconds=-3))
    assert value(metrics, "netvigil_visit_lateness_seconds_sum") == 0


def test_level_without_fault_is_zero_before_and_after(metrics: Metrics) -> None:
    assert value(metrics, "netvigil_faults", level="2") == 0
    metrics.counted(faults={Level.MAJOR: 3}, tickets={Level.CRITICAL: 1})
    assert value(metrics, "netvigil_faults", level="2") == 3
    assert value(metrics, "netvigil_tickets", level="1") == 1
    metrics.counted(faults={}, tickets={})
    assert value(metrics, "netvigil_faults", level="2") == 0


def test_outbox_that_was_emptied_has_no_oldest_letter(metrics: Metrics) -> None:
    metrics.outbox_counted({"queued": 2, "accepted": 5}, {"queued": NOON})
    assert value(metrics, "netvigil_outbox_letters", state="queued") == 2
    assert value(metrics, "netvigil_outbox_oldest_timestamp_seconds", state="queued") == NOON.timestamp()
    metrics.outbox_counted({"queued": 0, "accepted": 7}, {})
    assert value(metrics, "netvigil_outbox_letters", state="accepted") == 7
    assert value(metrics, "netvigil_outbox_oldest_timestamp_seconds", state="queued") is None


def test_refused_configuration_shows_until_one_is_loaded(metrics: Metrics) -> None:
    metrics.loaded(["a", "b"], NOON)
    metrics.refused()
    assert value(metrics, "netvigil_config_last_reload_successful") == 0
    assert value(metrics, "netvigil_config_last_reload_success_timestamp_seconds") == NOON.timestamp()
    assert value(metrics, "netvigil_devices") == 2
    metrics.loaded(["a"], NOON + timedelta(hours=1))
    assert value(metrics, "netvigil_config_last_reload_successful") == 1
    assert value(metrics, "netvigil_devices") == 1


def test_posts_and_commits_are_counted(metrics: Metrics) -> None:
    metrics.posted("mail", "accepted")
    metrics.committed(timedelta(milliseconds=4))
    assert value(metrics, "netvigil_letters_posted_total", way="mail", result="accepted") == 1
    assert value(metrics, "netvigil_store_commit_duration_seconds_bucket", le="0.005") == 1


def test_two_daemons_in_one_process_count_apart(metrics: Metrics) -> None:
    other = Metrics("1.2.3")
    other.crashed()
    assert value(metrics, "netvigil_visits_total", result="crashed") == 0


def test_version_is_told(metrics: Metrics) -> None:
    assert b'netvigil_build_info{python="3.' in metrics.text()
    assert b'version="1.2.3"' in metrics.text()


def test_no_series_tells_when_a_counter_was_made(metrics: Metrics) -> None:
    metrics.posted("mail", "accepted")
    assert b"_created" not in metrics.text()


def names_and_types(text: str) -> dict[str, str]:
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_document_lists_every_metric_with_its_type_and_no_other(metrics: Metrics) -> None:
    metrics.outbox_counted({"queued": 1}, {"queued": NOON})
    own = names_and_types(metrics.text().decode())
    devices = {family.name: family.type for family in FAMILIES}
    assert not own.keys() & devices.keys()
    told = dict(re.findall(r"^\| `(\w+)(?:\{[^}]*\})?` \| (\w+) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert told == own | devices
