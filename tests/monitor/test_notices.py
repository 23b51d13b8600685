"""`netvigil notice`: by hand, without configuration."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import netvigil


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(netvigil, ["notice", *words])
    return done.exit_code, done.stdout


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [("R6126P08", "R6126P20", "<"), ("R6126P20", "R2609", "incomparable"), ("latest", "R6126", "invalid")],
)
def test_compare_prints_one_word(one: str, other: str, word: str) -> None:
    assert run("compare", "h3c_comware", one, other) == (0, f"{word}\n")
    _, told = run("compare", "h3c_comware", one, other, "--json")
    assert json.loads(told) == {"platform": "h3c_comware", "one": one, "other": other, "order": word}


def test_platform_without_an_order_is_refused_with_those_that_have_one() -> None:
    code, told = run("compare", "toaster", "1", "2")
    assert (code, told) == (2, "")


def test_match_prints_the_verdict_with_its_evidence_and_ends_with_it(tmp_path: Path) -> None:
    entry = {"vendor": "Dell", "product": "iDRAC9", "versions": [{"status": "affected", "lessThan": "5.00.20.00"}]}
    record = {"cveMetadata": {"cveId": "CVE-1"}, "containers": {"cna": {"affected": [entry]}}}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    words = ("match", str(path), "--platform", "idrac9", "--model", "PowerEdge R640", "--version")
    code, told = run(*words, "4.40.40.00", "--json")
    assert (code, json.loads(told)["verdict"]) == (1, "affected")
    assert json.loads(told)["evidence"][0]["source"] == "cna/affected/0"
    code, told = run(*words, "5.00.20.00")
    assert (code, told.split()[0]) == (0, "not_affected")


def test_file_that_is_no_advisory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("[]", encoding="utf-8")
    assert run("match", str(path), "--platform", "vrp", "--model", "S5735", "--version", "V200R019C00")[0] == 2
