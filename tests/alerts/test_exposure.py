"""What an advisory means for a device: the cases that were judged by hand, and cases of our own."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notices.exposure import exposed
from alerts.notices.installed import installed
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import advisories

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", HERE.parents[2] / "shared" / "recordings")) / "advisories"
TRUTH = FOLDER / "match_truth.json"
CASES: list[dict[str, Any]] = json.loads(TRUTH.read_text("utf-8"))["cases"] if TRUTH.exists() else []
PATCHED = {"S7700 V200R013C00SPC500": "known_affected", "S7700 V200R013SPH010": "fixed"}


def verdict(document: object, platform: str, model: str, version: str, patch: str = "") -> str:
    (found,) = advisories(json.dumps(document).encode())
    return exposed(found, installed(platform, model, version, patch)).verdict.value


def csaf(statuses: dict[str, str], vendor: str = "Huawei", text: str = "") -> dict[str, Any]:
    """A small bulletin: "PRODUCT VERSION" with its status."""
    branches: list[dict[str, Any]] = []
    status: dict[str, list[str]] = {}
    for place, (name, said) in enumerate(statuses.items()):
        product, _, version = name.partition(" ")
        leaf = {
            "category": "product_version_range",
            "name": version,
            "product": {"name": name, "product_id": str(place)},
        }
        branches.append({"category": "product_name", "name": product.replace("_", " "), "branches": [leaf]})
        status.setdefault(said, []).append(str(place))
    return {
        "document": {"csaf_version": "2.0", "tracking": {"id": "B1"}, "notes": [{"text": text}]},
        "product_tree": {"branches": [{"category": "vendor", "name": vendor, "branches": branches}]},
        "vulnerabilities": [{"product_status": status}],
    }


def cve(product: str, versions: list[dict[str, str]], vendor: str = "Dell", text: str = "") -> dict[str, Any]:
    entry = {"vendor": vendor, "product": product, "versions": [{"status": "affected", **each} for each in versions]}
    own = {"affected": [entry], "descriptions": [{"lang": "en", "value": text}]}
    return {"cveMetadata": {"cveId": "CVE-1"}, "containers": {"cna": own}}


@pytest.mark.skipif(not CASES, reason=f"no {TRUTH}; NETVIGIL_RECORDINGS names the folder")
@pytest.mark.parametrize("case", CASES, ids=lambda each: f"{each['advisory']}-{each['model']}-{each['version']}")
def test_case_that_was_judged_by_hand_is_judged_so(case: dict[str, Any]) -> None:
    (path,) = (each for each in FOLDER.rglob(f"{case['advisory']}.json") if case["source"] in each.parts)
    (found,) = advisories(path.read_bytes())
    device = installed(case["component"], case["model"], case["version"], case["patch"] or "")
    told = exposed(found, device)
    assert told.verdict.value == case["expect"], told.evidence
    assert told.evidence


@pytest.mark.parametrize(
    ("version", "patch", "expected"),
    [
        ("V200R013C00SPC500", "V200R013SPH010", "not_affected"),
        ("V200R013C00SPC500", "V200R013SPH009", "affected"),
        ("V200R013C00SPC500", "", "affected"),
        ("V200R013C00SPC600", "", "not_listed"),
        ("V200R000C00SPC000", "", "undetermined"),
        ("5.170", "", "undetermined"),
        ("V200R013C00SPC500", "SPH10", "undetermined"),
    ],
)
def test_hot_patch_repairs_what_it_is_new_enough_for(version: str, patch: str, expected: str) -> None:
    assert verdict(csaf(PATCHED), "huawei_vrp", "S7703", version, patch) == expected


@pytest.mark.parametrize(
    ("said", "model", "version", "expected"),
    [
        ("CloudEngine_6800 <V200R019C10", "CE6865-48S8CQ-EI", "V200R019C00SPC800", "affected"),
        ("CloudEngine_6800 <V200R019C10", "CE6865-48S8CQ-EI", "V200R019C10", "not_affected"),
        ("CloudEngine_6800 <V200R019C10SPC300", "CE6865-48S8CQ-EI", "V200R019C10SPC300T", "possible"),
        ("CloudEngine_6800 <V200R019C10", "CE6865-48S8CQ-EI", "V300R021C00", "undetermined"),
        ("CloudEngine_6800 <V200R019C10", "CE12804", "V200R019C00", "not_applicable"),
        ("CloudEngine_6800 <V200R019C10", "QX-9", "V200R019C00", "undetermined"),
        ("CloudEngine_6800 <=SCP500", "CE6865-48S8CQ-EI", "V200R019C00", "undetermined"),
        ("S5700 a few old ones", "S5735-S24T4X", "V200R019C00", "undetermined"),
    ],
)
def test_range_of_a_bulletin_is_held_against_model_and_version(
    said: str, model: str, version: str, expected: str
) -> None:
    assert verdict(csaf({said: "known_affected"}), "vrp", model, version) == expected


def test_trains_of_one_controller_are_told_apart_by_the_text() -> None:
    text = "iDRAC9, versions prior to 7.00.00.172 for 14th Generation and 7.10.50.00 for 15th and 16th Generations"
    versions = [{"version": "0", "lessThan": "7.00.00.172"}, {"version": "0", "lessThan": "7.10.50.00"}]
    record = cve("Integrated Dell Remote Access Controller 9", versions, text=text)
    assert verdict(record, "dell_idrac", "PowerEdge R640", "7.00.00.172") == "not_affected"
    assert verdict(record, "dell_idrac", "PowerEdge R660", "7.00.00.172") == "affected"
    assert verdict(record, "dell_idrac", "PowerEdge R730", "2.82.82.82") == "not_applicable"


def test_products_and_versions_that_nothing_pairs_are_only_possible() -> None:
    record = cve("S5700;S6700", [{"version": "V200R013C00SPC500,V200R019C00SPC500"}], vendor="n/a", text="in products")
    assert verdict(record, "vrp", "S5735-S24T4X", "V200R013C00SPC500") == "possible"
    record = cve(
        "S5700;S6700",
        [{"version": "V200R013C00SPC500,V200R019C00SPC500"}],
        vendor="n/a",
        text="S5700 V200R013C00SPC500; S6700 V200R019C00SPC500",
    )
    assert verdict(record, "vrp", "S5735-S24T4X", "V200R013C00SPC500") == "affected"
    assert verdict(record, "vrp", "S6730-H24X6C", "V200R013C00SPC500") == "not_listed"


def test_record_of_the_old_format_beside_a_new_one_keeps_its_pairs() -> None:
    record = cve("CloudEngine 6800;CloudEngine 12800", [{"version": "V200R005C00SPC800,V200R019C00SPC800"}], "n/a")
    products = [
        {"product_name": name, "version": {"version_data": [{"version_value": version}]}}
        for name, version in (("CloudEngine 6800", "V200R005C00SPC800"), ("CloudEngine 12800", "V200R019C00SPC800"))
    ]
    vendor = {"vendor_data": [{"product": {"product_data": products}}]}
    assert verdict(record, "vrp", "CE12804", "V200R005C00SPC800") == "possible"
    record["containers"]["cna"]["x_legacyV4Record"] = {"affects": {"vendor": vendor}}
    assert verdict(record, "vrp", "CE12804", "V200R005C00SPC800") == "not_listed"
    assert verdict(record, "vrp", "CE6865-48S8CQ-EI", "V200R005C00SPC800") == "affected"


def test_what_is_affected_by_default_is_so_unless_its_version_is_said_not_to_be() -> None:
    record = cve("iDRAC9", [{"version": "7.10.50.00", "status": "unaffected"}])
    record["containers"]["cna"]["affected"][0]["defaultStatus"] = "affected"
    assert verdict(record, "idrac9", "PowerEdge R640", "7.10.50.00") == "not_affected"
    assert verdict(record, "idrac9", "PowerEdge R640", "7.10.30.00") == "affected"


@pytest.mark.parametrize(
    ("vendor", "text", "expected"),
    [("Huawei", "", "affected"), ("n/a", "Huawei switches", "affected"), ("n/a", "H3C switches", "not_applicable"),
     ("Acme", "", "not_applicable")],
)  # fmt: skip
def test_model_of_another_maker_with_the_same_name_is_another_product(vendor: str, text: str, expected: str) -> None:
    record = cve("S5700", [{"version": "V200R019C00SPC500"}], vendor, text)
    assert verdict(record, "vrp", "S5735-S24T4X", "V200R019C00SPC500") == expected


def test_nvd_in_its_new_form_says_what_it_said_in_the_old() -> None:
    name = "cpe:2.3:o:dell:idrac9_firmware:*:*:*:*:*:*:*:*"
    node = {"operator": "OR", "cpeMatch": [{"vulnerable": True, "criteria": name, "versionEndExcluding": "4.00.00.00"}]}
    cve_2 = {"id": "CVE-1", "descriptions": [{"lang": "en", "value": "x"}], "configurations": [{"nodes": [node]}]}
    record = {"vulnerabilities": [{"cve": cve_2}]}
    assert verdict(record, "idrac9", "PowerEdge R640", "3.36.36.36") == "affected"
    assert verdict(record, "idrac9", "PowerEdge R640", "4.00.00.00") == "not_affected"


def test_what_is_exploited_is_said_without_a_version_to_hold_it_against() -> None:
    entry = {"cveID": "CVE-1", "vendorProject": "Dell", "product": "iDRAC8"}
    (found,) = advisories(json.dumps({"catalogVersion": "1", "vulnerabilities": [entry]}).encode())
    told = exposed(found, installed("idrac8", "PowerEdge R730", "2.82.82.82"))
    assert (told.verdict.value, told.known_exploited) == ("undetermined", True)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"document": 1}'])
def test_what_is_no_advisory_is_refused_with_words(raw: bytes) -> None:
    with pytest.raises(NotAnAdvisoryError):
        advisories(raw)


_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "affected",
                    "versions",
                    "status",
                    "version",
                    "lessThan",
                    "product",
                    "nodes",
                    "cpe_match",
                    "cpe23Uri",
                    "branches",
                    "name",
                    "category",
                    "product_id",
                    "product_status",
                    "known_affected",
                    "value",
                    "metrics",
                    "other",
                    "type",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.sampled_from(["cve", "csaf", "nvd", "kev"]), _junk, _junk)
def test_hostile_records_are_never_quiet_by_accident_and_never_raise(form: str, one: object, two: object) -> None:
    documents: dict[str, object] = {
        "cve": {"cveMetadata": one, "containers": {"cna": two, "adp": [one, two]}},
        "csaf": {"document": {"csaf_version": "2.0"}, "product_tree": one, "vulnerabilities": [two]},
        "nvd": {"cve": one, "configurations": {"nodes": [two]}},
        "kev": {"catalogVersion": one, "vulnerabilities": [two]},
    }
    try:
        found = advisories(json.dumps(documents[form]).encode())
    except NotAnAdvisoryError:
        return
    for each in found:
        assert exposed(each, installed("vrp", "S5735-S24T4X", "V200R019C00SPC500")).evidence
