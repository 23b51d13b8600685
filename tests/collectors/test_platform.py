import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from collectors import words
from collectors.identify import SYSTEM
from collectors.platform import PlatformFile, platforms

ROOT = Path(__file__).parents[2]

BASE = """
[tables.fan]
oid = "1.3.6.1.4.1.99.1.1"
also = ["1.3.6.1.4.1.98.1.1"]
columns = { state = 2, speed = 3 }

[tables.box]
oid = "1.3.6.1.4.1.99.2"
single = true
columns = { power = 1 }

[states.fan]
1 = ["ok", "running"]
"""
PART = """
[[parts]]
table = "fan"
kind = "fan"
label = "Fan {index}"
facts = [{ column = "state", states = "fan" }]
"""


def file(text: str) -> PlatformFile:
    return PlatformFile.model_validate(tomllib.loads(text))


def test_all_platform_files_are_sound() -> None:
    files = {path.stem: file(path.read_text("utf-8")) for path in (ROOT / "configs" / "platforms").glob("*.toml")}

    known = platforms(files)

    assert {"_standard", "huawei_vrp", "h3c_comware", "dell_idrac", "huawei_ibmc"} <= known.keys()
    assert all(platform.title for platform in known.values())


def test_both_roots_of_a_table_and_its_scalars_are_asked_in_one_request() -> None:
    request = platforms({"box": file(BASE + PART)})["box"].request

    assert request.tables == (
        ("1.3.6.1.4.1.99.1.1.2", "1.3.6.1.4.1.99.1.1.3"),
        ("1.3.6.1.4.1.98.1.1.2", "1.3.6.1.4.1.98.1.1.3"),
    )
    assert request.scalars == (*SYSTEM, "1.3.6.1.4.1.99.2.1.0")


def test_platform_has_all_of_the_one_it_extends_and_asks_its_own_sources_first() -> None:
    base = file(BASE + PART + '[identity]\nname = [{ scalar = "1.3.6.1.2.1.1.5.0" }]')
    own = file('extends = "base"\n[identity]\nname = [{ scalar = "1.3.6.1.4.1.97.1.0" }]')

    platform = platforms({"base": base, "own": own})["own"]

    assert [part.kind for part in platform.parts] == ["fan"]
    assert [source.scalar for source in platform.identity["name"]] == ["1.3.6.1.4.1.97.1.0", "1.3.6.1.2.1.1.5.0"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('extends = "nobody"', 'box.toml: extends: there is no other platform "nobody"'),
        ('extends = "box"', 'box.toml: extends: there is no other platform "box"'),
        (
            BASE + PART.replace('"fan"\nkind', '"fans"\nkind'),
            r'parts\[0\] \(fans, fan\)\.table: there is no table "fans"',
        ),
        (
            BASE + PART.replace('column = "state"', 'column = "stat"'),
            r'box\.toml: parts\[0\] \(fan, fan\)\.facts\[0\]\.column: table "fan" has no column "stat" \(there is: sp',
        ),
        (BASE + PART.replace("{index}", "{name}"), r'label: table "fan" has no column "name"'),
        (BASE + PART.replace("{index}", "{index.last}"), r'"index.last": write "index" or "index.N"'),
        (BASE + PART.replace("{index}", "{ports.name}"), r'there is no table or join "ports"'),
        (BASE + PART.replace('states = "fan"', 'states = "fun"'), r'no states are named "fun" \(there is: fan\)'),
        (BASE + PART.replace('states = "fan"', 'quirk = "odd"'), r'quirk: there is no function "odd"'),
        (BASE + PART.replace("facts", "where = { state = '(' }\nfacts"), "where.state: not a regular expression"),
        (BASE + PART.replace("facts", 'fru = "entity"\nfacts'), 'no FRU data are named "entity"'),
        (BASE + PART.replace("facts", 'if_empty = ["psu"]\nfacts'), 'if_empty: there is no table "psu"'),
        (BASE + PART.replace('states = "fan"', 'states = "fan", bits = "fan"'), "one of states, bits and flags"),
        ("[identity]\nmodel = [{ pattern = 'x' }]", r"identity\.model: write either scalar, or table and column"),
    ],
)
def test_name_that_leads_nowhere_is_an_error_that_says_where(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        platforms({"box": file(text)})


@pytest.mark.parametrize(
    "text",
    [
        BASE.replace("single", "singel"),
        BASE.replace('"1.3.6.1.4.1.99.2"', '"enterprises.99.2"'),
        BASE.replace('"ok"', '"fine"'),
        BASE + PART.replace('kind = "fan"', 'kind = "ventilator"'),
        BASE + PART.replace("{ column", '{ aspect = "colour", column'),
        BASE + PART.replace('facts = [{ column = "state", states = "fan" }]', "facts = []"),
    ],
)
def test_word_outside_the_vocabulary_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        file(text)


def test_what_is_undocumented_fails() -> None:
    said = (ROOT / "docs" / "platforms.md").read_text("utf-8")
    schemas = [schema for schema in vars(words).values() if isinstance(schema, type) and issubclass(schema, BaseModel)]
    fields = {name for schema in schemas for name in schema.model_fields}

    undocumented = {word for word in (*fields, *words.KINDS, *words.ASPECTS) if f"`{word}`" not in said}

    assert len(fields) > 40
    assert set(get_args(words.Unit)) - {""} <= set(re.findall(r"\w+", said))
    assert undocumented == set()


def test_worked_example_of_the_documentation_is_a_platform() -> None:
    blocks = re.findall(r"```toml\n(title = .*?)```", (ROOT / "docs" / "platforms.md").read_text("utf-8"), re.DOTALL)
    standard = file((ROOT / "configs" / "platforms" / "_standard.toml").read_text("utf-8"))

    (example,) = blocks
    known = platforms({"_standard": standard, "example_switch": file(example)})

    assert [part.kind for part in known["example_switch"].parts][-2:] == ["fan", "temperature"]
