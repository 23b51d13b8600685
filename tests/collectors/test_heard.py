"""Which part a shout tells of, by the platform files that come with Netvigil."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from collectors.heard import heard
from collectors.platform import PlatformFile, platforms
from collectors.shouts import Shout, line_said
from monitor.config import knowledge

KNOWN, _ = knowledge()
VRP, COMWARE, IDRAC, IBMC, STANDARD = "huawei_vrp", "h3c_comware", "dell_idrac", "huawei_ibmc", "_standard"
CASES = tomllib.loads((Path(__file__).parent / "shouts.toml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES["trap"], ids=lambda case: f"{case['platform']}-{case['oid']}")
def test_a_trap_leads_to_its_part(case: dict[str, Any]) -> None:
    found = heard(Shout(source="192.0.2.1", trap=case["oid"], values=case.get("values", {})), KNOWN[case["platform"]])
    assert found is not None
    assert (found.kind, found.label) == (case["kind"], case.get("label", ""))


def test_a_trap_of_v1_leads_to_the_part_that_its_name_without_a_zero_tells_of() -> None:
    own = "1.3.6.1.4.1.25506.8.35.12.1"
    of_v1 = Shout(source="192.0.2.1", trap=f"{own}.0.6", either=f"{own}.6")
    found = heard(of_v1, KNOWN[COMWARE])
    assert found is not None
    assert found.kind == "fan"


@pytest.mark.parametrize("case", CASES["line"], ids=lambda case: f"{case['platform']}-{case['line'][-40:]}")
def test_a_line_leads_to_its_part(case: dict[str, Any]) -> None:
    shout = line_said("192.0.2.1", case["line"].encode())
    assert shout is not None
    found = heard(shout, KNOWN[case["platform"]])
    assert found is not None
    assert (found.kind, found.label, found.is_event) == (case["kind"], case.get("label", ""), case.get("event", False))


@pytest.mark.parametrize(
    "shout",
    [
        Shout(source="192.0.2.1", trap="1.3.6.1.6.3.1.1.5.5"),
        Shout(source="192.0.2.1", trap="1.3.6.1.6.3.1.1.5.33"),  # no part of linkDown, though it begins like it
        Shout(source="192.0.2.1", log="SHELL/5/SHELL_LOGIN", text="admin logged in from 192.0.2.7 POWER"),
    ],
)
@pytest.mark.parametrize("platform", [VRP, COMWARE, IDRAC, IBMC, STANDARD])
def test_what_is_not_listed_leads_nowhere(platform: str, shout: Shout) -> None:
    assert heard(shout, KNOWN[platform]) is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('kind = "fan"', "write trap, log or both"),
        ('kind = "fan"\nlog = "("', "not a regular expression"),
        ('kind = "fan"\nlog = "a"\nlabel = "{x}"', '"x" is neither a value nor a named group'),
    ],
)
def test_a_shout_that_is_not_whole_is_refused(words: str, reason: str) -> None:
    file = PlatformFile.model_validate(tomllib.loads(f"[[shouts]]\n{words}"))
    with pytest.raises(ValueError, match=reason):
        platforms({"example": file})
