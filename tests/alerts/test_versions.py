"""The order of versions: cases as data, and what holds of any."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notices.order import Order
from alerts.notices.versions import FAMILIES, compared, parsed

HERE = Path(__file__).parent
RECORDINGS = Path(os.environ.get("NETVIGIL_RECORDINGS", HERE.parents[2] / "shared" / "recordings"))
TRUTH = RECORDINGS / "advisories" / "version_order.json"
CASES: list[tuple[str, str, str, str]] = tomllib.loads((HERE / "version_cases.toml").read_text("utf-8"))["cases"]
TURNED = {"<": ">", ">": "<"}
PLATFORMS = {"vrp": "vrp", "patch": "vrp", "comware": "comware", "dotted": "bios"}
WORDS = {"lt": "<", "eq": "=", "incomparable": "incomparable"}

_number = st.integers(0, 3)
_vrp = st.builds(
    "V200R00{}C0{}{}".format,
    st.integers(1, 3),
    _number,
    st.sampled_from(["", "SPC100", "SPC900", "SPCa00", "SPC100PWE", "SPC100B012"]),
)
_patch = st.builds("V200R013SPH{}{:02}".format, st.sampled_from("019aZ"), _number)
_comware = st.builds(
    "R612{}{}{}".format, _number, st.sampled_from(["", "P01", "P08", "P2701", "P34"]), st.sampled_from(["", "H01"])
)
_idrac = st.builds("{}.{}.{}.00".format, st.integers(3, 7), _number, _number)
_bios = st.builds("{}.{}.{}".format, _number, _number, st.integers(0, 12))
IN_ORDER = st.one_of(
    *(
        st.tuples(st.just(name), *[strategy] * 3)
        for name, strategy in [
            ("vrp", _vrp),
            ("vrp", _patch),
            ("comware", _comware),
            ("idrac", _idrac),
            ("bios", _bios),
        ]
    )
)


@pytest.mark.parametrize(("platform", "one", "other", "word"), CASES)
def test_versions_are_in_the_order_of_their_maker_from_both_sides(
    platform: str, one: str, other: str, word: str
) -> None:
    assert compared(platform, one, other).value == word
    assert compared(platform, other, one).value == TURNED.get(word, word)


@pytest.mark.skipif(not TRUTH.exists(), reason=f"no {TRUTH}; NETVIGIL_RECORDINGS names the folder")
def test_pairs_of_the_recordings_are_in_the_order_that_was_found_true() -> None:
    found = json.loads(TRUTH.read_text("utf-8"))
    wrong = []
    for name, pairs in found.items():
        platform, word = name.split("_")
        wrong += [(name, *pair) for pair in pairs if compared(PLATFORMS[platform], *pair).value != WORDS[word]]
    assert wrong == []


@given(IN_ORDER)
def test_versions_of_one_line_are_in_one_order(drawn: tuple[str, str, str, str]) -> None:
    platform, a, b, c = drawn
    ab, bc, ac = compared(platform, a, b), compared(platform, b, c), compared(platform, a, c)
    assert compared(platform, a, a) is Order.SAME
    assert {ab, bc, ac} <= {Order.BEFORE, Order.SAME, Order.AFTER}
    assert compared(platform, b, a).value == TURNED.get(ab.value, ab.value)
    if ab in {Order.BEFORE, Order.SAME} and bc in {Order.BEFORE, Order.SAME}:
        assert ac is (Order.SAME if {ab, bc} == {Order.SAME} else Order.BEFORE)


@given(st.sampled_from([*FAMILIES, "unheard of"]), st.text(), st.text())
def test_hostile_text_is_invalid_and_never_raises(platform: str, one: str, other: str) -> None:
    assert compared(platform, one, other) in Order


@pytest.mark.parametrize("text", ["V200R01³C00", "V２00R019C00", "V200R019C00ſPC500", "9" * 5000, "1." * 5000, ""])
def test_digits_and_letters_of_other_scripts_are_no_version(text: str) -> None:
    assert [name for name in FAMILIES if parsed(name, text) is not None] == []
