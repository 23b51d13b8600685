"""The documents hold together: every link leads somewhere, and both READMEs name the same things."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_every_link_of_the_documents_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached or document.suffix != ".md":
            continue
        reached.add(document)
        for target in _LINK.findall(document.read_text(encoding="utf-8")):
            found = (document.parent / target).resolve()
            if "://" not in target and found.is_dir():
                waiting += found.glob("*.md")
            elif "://" not in target:
                waiting.append(found)
    assert {str(each.relative_to(ROOT)) for each in DOCUMENTS} - {
        str(each.relative_to(ROOT)) for each in reached
    } == set()


def test_both_readmes_name_the_same_documents_and_commands() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
    assert sorted(set(_LINK.findall(english)) - {"README.zh.md"}) == sorted(set(_LINK.findall(chinese)) - {"README.md"})
    for command in ("make demo", "make test", "make check", "netvigil check", "netvigil visit", "netvigil run"):
        assert command in english
        assert command in chinese


def test_the_first_device_of_the_readme_is_a_configuration_that_loads(tmp_path: Path) -> None:
    from monitor.config import loaded  # noqa: PLC0415 - only this test reads a configuration

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    daemon, inventory = re.findall(r"   ```toml\n(.*?)   ```", text, flags=re.DOTALL)
    (tmp_path / "netvigil.toml").write_text(daemon)
    (tmp_path / "inventory.toml").write_text(inventory)
    settings = loaded(tmp_path, {"NETVIGIL_AUTH": "a" * 10, "NETVIGIL_PRIV": "b" * 10})
    assert list(settings.inventory.devices) == ["core-1"]
    assert settings.warnings == ()
