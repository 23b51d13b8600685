"""Every fault has its page, in both languages, and every link leads to a section that is there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from alerts.faults.policy import ASPECTS, PolicyFile
from alerts.faults.rules import Aspect, Kind
from alerts.runbooks import commands, link, sections
from monitor.cli import netvigil
from monitor.model import Language

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "runbooks"
BESIDE = {"index", "flapping", "netvigil", "vendor"}
"""Pages that are of no kind of part."""
_RATES = {"utilisation", "packet_errors", "discards"}  # told of every interface by collectors/traffic.py
_OF_THE_DAEMON = {"device": {"answer", "reach", "access", "walk"}, "interface": _RATES, "aggregate": {"redundancy"}}
"""What no platform file tells: monitor and collectors say it of their own accord."""
_CHANGING = {
    "save",
    "system-view",
    "interface <port>",
    "virtual-cable-test",
    "delete /unreserved <file>",
    "reset recycle-bin",
}
"""The commands for switches that do more than look, each wanted on its page."""
_PLACES = {"vrp", "comware", "racadm", "redfish", "netvigil", "shell"}
_HREF = re.compile(r"\]\((?:(\w+)\.md)?(?:#(\w+))?\)")


def page(language: Language, name: str) -> str:
    return (PAGES / language.value / f"{name}.md").read_text(encoding="utf-8")


def judged() -> set[tuple[str, str]]:
    """Each kind and aspect that a platform file tells, or that the policy names."""
    found = {(kind, aspect) for kind, aspects in _OF_THE_DAEMON.items() for aspect in aspects}
    for file in sorted((ROOT / "configs" / "platforms").glob("*.toml")):
        for part in tomllib.loads(file.read_text(encoding="utf-8")).get("parts", ()):
            told = {fact.get("aspect", "state") for fact in part["facts"]}
            found |= {(part["kind"], aspect) for aspect in told & set(ASPECTS)}
    policy = PolicyFile.model_validate(tomllib.loads((ROOT / "configs" / "policy.toml").read_text(encoding="utf-8")))
    for kind, one in policy.kind.items():
        found |= {(kind, aspect) for aspect in one.aspect}
    for rule in policy.rule:
        found |= {(kind, aspect) for kind in _several(rule.kind) for aspect in _several(rule.aspect)}
    return {(str(kind), str(aspect)) for kind, aspect in found}


def _several(written: object) -> list[Kind | Aspect]:
    return written if isinstance(written, list) else [] if written is None else [written]  # type: ignore[list-item]  # one word


JUDGED = sorted(judged())
NAMES = sorted(path.stem for path in (PAGES / "en").glob("*.md"))


def test_every_kind_of_the_policy_is_judged_in_some_aspect() -> None:
    assert {kind for kind, _ in JUDGED} == set(Kind)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(("kind", "aspect"), JUDGED)
def test_every_fault_has_a_section(kind: str, aspect: str, language: Language) -> None:
    assert aspect in sections(page(language, kind))


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", Kind)
def test_every_page_of_a_kind_ends_with_what_to_replace_and_to_tell_the_vendor(kind: str, language: Language) -> None:
    assert sections(page(language, kind))[-2:] == ("replace", "vendor")


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_sections_and_commands_in_the_same_order(name: str) -> None:
    english, chinese = page(Language.EN, name), page(Language.ZH_CN, name)
    if name != "index":
        assert sections(english) == sections(chinese)
        assert len(set(sections(english))) == len(sections(english))
    assert list(commands(english)) == list(commands(chinese))
    assert english.count("```") == chinese.count("```")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NAMES)
def test_commands_that_begin_alike_say_on_which_switch_they_are_given(name: str, language: Language) -> None:
    told, colon = page(language, name), ":" if language is Language.EN else "："
    for maker, block in (("VRP", "```vrp"), ("Comware", "```comware")):
        assert told.count(block) == told.count(f"\n{maker}{colon}\n\n{block}\n")


def test_both_languages_have_the_same_pages_and_no_others_than_kinds() -> None:
    assert sorted(path.stem for path in (PAGES / "zh_CN").glob("*.md")) == NAMES
    assert set(NAMES) == set(Kind) | BESIDE


@pytest.mark.parametrize("language", Language)
def test_the_list_of_pages_lists_them_all(language: Language) -> None:
    listed = [name for name, _ in _HREF.findall(page(language, "index")) if name]
    assert sorted(listed) == sorted(set(NAMES) - {"index"})


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NAMES)
def test_links_between_pages_lead_to_sections(name: str, language: Language) -> None:
    for to, section in _HREF.findall(page(language, name)):
        assert not section or section in sections(page(language, to or name))


def of(*places: str) -> Iterator[str]:
    for name in NAMES:
        for place, command in commands(page(Language.EN, name)):
            assert place in _PLACES, f"{name}: {place}"
            if place in places:
                yield command


def test_commands_for_switches_only_look_but_for_those_that_are_named_here() -> None:
    harmless = re.compile(r"dir|(?:display|ping|dir|compare) [ -~]+")
    changing = {command for command in of("vrp", "comware") if not harmless.fullmatch(command)}
    assert changing == _CHANGING


def test_redfish_is_named_by_paths_and_idrac_by_racadm() -> None:
    assert all(re.fullmatch(r"/redfish/v1/[\w./]+", each) for each in of("redfish"))
    assert all(each.startswith("racadm ") for each in of("racadm"))


def test_commands_of_our_own_exist_with_their_options() -> None:
    for said in of("netvigil"):
        _, *words = re.sub(r'"[^"]*"|<[^>]*>', "X", said).split()
        command: click.Command = netvigil
        while isinstance(command, click.Group):
            assert words, said
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, said
            command = found
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, said


def test_link_names_language_kind_and_aspect() -> None:
    assert link("https://wiki.example.org/rb/", Language.ZH_CN, "psu", "state") == (
        "https://wiki.example.org/rb/zh_CN/psu#state"
    )
    assert link("", Language.EN, "psu", "state") == ""


def test_every_alert_rule_links_to_a_section() -> None:
    rules = (ROOT / "configs" / "prometheus" / "netvigil.rules.yml").read_text(encoding="utf-8")
    links = re.findall(r'runbook_url: "http://127\.0\.0\.1:9510/runbooks/en/([^#"]+)#([^"]+)"', rules)
    assert len(links) == rules.count("- alert:") == rules.count("runbook_url: ")
    for name, section in links:
        if "$labels" in name:
            assert (name, section) == ("{{ $labels.kind }}", "{{ $labels.aspect }}")
        else:
            assert section in sections(page(Language.EN, name)), name
