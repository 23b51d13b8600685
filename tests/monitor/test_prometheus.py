"""What is shipped for Prometheus and Alertmanager, judged by their own tools (Debian: prometheus, alertmanager)."""

import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.ports import Cabling, Neighbour, Ports
from collectors.snmp.reader import Silence
from monitor import series_reach
from monitor.metrics import Metrics
from monitor.model import Component, Condition, Device, Identity, Observation
from monitor.series import FAMILIES, Series
from monitor.series_parts import NUMBERS
from monitor.series_ports import COUNTED

CONFIGS = Path(__file__).parents[2] / "configs"
PROMETHEUS = CONFIGS / "prometheus"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def judged(*command: str, text: bytes = b"") -> str:
    """What the tool says; the test fails where it finds fault."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed (Debian: prometheus, prometheus-alertmanager)")
    done = subprocess.run(command, input=text, capture_output=True, check=False, cwd=PROMETHEUS)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def test_configuration_and_rules_are_valid() -> None:
    assert "SUCCESS" in judged("promtool", "check", "config", "prometheus.yml")
    assert "SUCCESS" in judged("promtool", "check", "rules", "--lint=all", "--lint-fatal", "netvigil.rules.yml")


def test_rules_fire_when_they_should_and_only_then() -> None:
    assert "SUCCESS" in judged("promtool", "test", "rules", "netvigil.rules.test.yml")


def test_every_rule_has_a_test_that_sees_it_fire() -> None:
    rules = (PROMETHEUS / "netvigil.rules.yml").read_text(encoding="utf-8")
    tests = (PROMETHEUS / "netvigil.rules.test.yml").read_text(encoding="utf-8")
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    assert set(re.findall(r"alertname: (\w+)\n\s+exp_alerts:", tests)) == alerts
    assert len(alerts) == 21
    for recorded in re.findall(r"- record: (\S+)", rules):
        assert recorded in tests or f"expr: {recorded} " in rules


def test_metrics_pass_the_lint_of_prometheus() -> None:
    metrics, series = Metrics("1.2.3"), Series()
    metrics.visited(None, took=NOON - NOON, late=NOON - NOON)
    metrics.outbox_counted({"queued": 1}, {"queued": NOON})
    metrics.posted("mail", "accepted")
    for number, hostile in enumerate(['"', "\\", "\n", "\x00", "\u202e", "x" * 65536, "风扇", "\udcff"]):
        device = Device(name=f"sw-{number}{hostile}", address="192.0.2.1", customer=hostile, site="hefei")
        told = [
            Observation(
                component=Component(kind="fan", label=hostile),
                aspect=aspect,
                unit=unit,
                condition=Condition.OK,
                value=1.0,
                at=NOON,
            )
            for aspect, unit in NUMBERS
        ]
        silence = Silence.TIMEOUT if number == 0 else None
        there = Neighbour(name=hostile, port=hostile)
        cables = Cabling(made_of=(), descriptions={hostile: hostile}, neighbours={hostile: there}, notes={})
        columns = dict.fromkeys((*COUNTED, "high_speed"), (2**64 - 1,))
        counted = Ports(labels=(hostile,), columns=columns, cables=cables)
        series.visited(device, Identity(platform="huawei_vrp", model=hostile), told, silence, NOON, counted)
    text = metrics.text() + b"".join(series.joined())
    families = len(FAMILIES) - len(series_reach.FAMILIES)  # these are written by test_series_reach.py
    assert text.count(b"# TYPE netvigil_") == families + 38
    assert judged("promtool", "check", "metrics", text=text) == ""


def test_sample_for_alertmanager_is_valid() -> None:
    assert "SUCCESS" in judged("amtool", "check-config", str(CONFIGS / "alertmanager" / "alertmanager.yml"))


def test_sample_for_alertmanager_speaks_of_alerts_that_exist() -> None:
    sample = (CONFIGS / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    alerts = re.findall(r"- alert: (\w+)", (PROMETHEUS / "netvigil.rules.yml").read_text(encoding="utf-8"))
    named = [name for names in re.findall(r"alertname =~? \"?([^\"'\]]+)", sample) for name in names.split("|")]
    assert len(named) == 12
    for name in named:
        assert any(re.fullmatch(name, alert) for alert in alerts), name
