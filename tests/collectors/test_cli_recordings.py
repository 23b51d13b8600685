"""What real switches printed, with what others made of it: every sample of a command that we run."""

import json
import os
import re
from pathlib import Path

import pytest

from collectors.cli.output import lines
from collectors.cli.parse import rows
from collectors.record.disguise import Disguise
from collectors.record.masks import Mask

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("NETVIGIL_RECORDINGS", ROOT.parent / "shared" / "recordings")) / "cli"
VRP = {
    "display_version": "ntc/huawei_vrp_display_version vrp_version",
    "display_patch-information": "ntc/huawei_vrp_display_patch-information vrp_patch",
    "display_esn": "vrp_esn",
    "display_device": "vrp_device ntc/huawei_vrp_display_device",
    "display_power": "vrp_power",
    "display_fan": "vrp_fan",
    "display_temperature": "vrp_temperature ntc/huawei_vrp_display_temperature",
    "display_cpu-usage": "vrp_cpu",
    "display_memory-usage": "vrp_memory",
    "display_interface_brief": "vrp_interface_brief",
    "display_transceiver_diagnosis_interface": "vrp_transceiver vrp_transceiver_verbose",
    "display_stack": "vrp_stack",
    "display_alarm_active": "vrp_alarm",
    "display_ntp_status": "ntc/huawei_vrp_display_ntp_status vrp_ntp",
    "display_license_verbose": "ntc/huawei_vrp_display_license_verbose",
    "display_startup": "vrp_startup",
}
COMWARE = {
    "display_version": "cmw_version",
    "display_device_manuinfo": "ntc/hp_comware_display_device_manuinfo",
    "display_power": "cmw_power",
    "display_fan": "cmw_fan",
    "display_environment": "cmw_environment",
    "display_interface_brief": "ntc/hp_comware_display_interface_brief",
    "display_transceiver_diagnosis_interface": "cmw_transceiver",
    "display_irf": "cmw_irf",
    "display_irf_link": "cmw_irf_link",
    "logbuffer_monitor_lines": "cmw_logbuffer",
}
TEMPLATES = {("huawei", name): template for name, template in VRP.items()} | {
    ("h3c", name): template for name, template in COMWARE.items()
}
SAMPLES = [
    path for (maker, name) in TEMPLATES for path in sorted(FOLDER.glob(f"*/{maker}/{name}/*.raw"))
]  # fmt: skip
WITH_VALUES = [path for path in SAMPLES if path.with_name(f"{path.stem}.expected.yml").exists()]

pytestmark = pytest.mark.skipif(not SAMPLES, reason=f"no samples below {FOLDER}; NETVIGIL_RECORDINGS names them")


def read(path: Path) -> list[dict[str, str]]:
    maker, name = path.parts[-3:-1]
    raw = path.read_bytes()
    text = lines(raw, name.replace("_", " "), logs="logbuffer" in name)
    return [dict(row) for row in rows(TEMPLATES[maker, name], text)[1]]


def expected(path: Path) -> list[dict[str, str]]:
    """The values in the one form of YAML that they are written in: `- name: "value"`, one a line."""
    found: list[dict[str, str]] = []
    for line in path.with_name(f"{path.stem}.expected.yml").read_text("utf-8").splitlines():
        if match := re.fullmatch(r"\s+(- )?(\w+): (?:\"(.*)\"|'(.*)'|(.*))", line):
            if match[1]:
                found.append({})
            found[-1][match[2]] = match[3] or match[4] or match[5] or ""
    return found


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_sample_is_taken_apart(path: Path) -> None:
    found = read(path)
    assert found or "none" in path.stem


@pytest.mark.parametrize("path", WITH_VALUES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_value_of_the_reference_is_read(path: Path) -> None:
    want = expected(path)
    assert want
    assert [
        {word.lower(): value for word, value in row.items() if word.lower() in want[0]} for row in read(path)
    ] == want


def of(maker: str, sample: str) -> list[dict[str, str]]:
    (path,) = [path for path in SAMPLES if path.parts[-3] == maker and path.stem == sample]
    return read(path)


def reference(sample: str) -> dict[str, dict[str, dict[str, float]]]:
    (path,) = FOLDER.rglob(f"{sample}.expected.json")
    found: dict[str, dict[str, dict[str, float]]] = json.loads(path.read_text("utf-8"))
    return found


def test_cores_and_temperatures_are_those_of_napalm() -> None:
    cpu, temperature = (
        "napalm-ce_test_get_environment_display_cpu",
        "napalm-ce_test_get_environment_display_device_temperature_all",
    )
    (row,) = of("huawei", cpu)
    assert [float(core) for core in row["CORES"].split()] == [one["%usage"] for one in reference(cpu)["cpu"].values()]
    assert {row["SENSOR"]: float(row["CURRENT"]) for row in of("huawei", temperature)} == {
        name: one["temperature"] for name, one in reference(temperature)["temperature"].items()
    }


def test_serials_start_files_and_optical_values_are_those_of_the_references() -> None:
    assert {row["SLOT"]: row["ESN"] for row in of("huawei", "vrp_display_esn_stack")} == {
        "1": "6R23C0039583",
        "2": "6R23C0039593",
    }
    boards = of("huawei", "vrp_s6730_stack_display_startup")
    assert {row["STARTUP_SYSTEM_SOFTWARE"] for row in boards} == {"flash:/s6730_v200r024c00spc500.cc"}
    assert {row["STARTUP_PATCH_PACKAGE"] for row in boards} == {"flash:/s6730-h_v200r024sph121.pat"}
    (optic,) = of("huawei", "vrp_ar_display_transceiver_verbose")
    assert [optic[word] for word in ("RX_POWER", "TX_POWER", "BIAS", "VOLTAGE")] == ["-22.03", "2.95", "35.46", "3.25"]
    assert of("huawei", "vrp_display_patch-information_none") == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_output_without_its_secrets_is_taken_apart_as_it_was(path: Path) -> None:
    maker, name = path.parts[-3:-1]
    command, is_log = name.replace("_", " "), "logbuffer" in name
    said = lines(path.read_bytes(), command, logs=True)
    template = TEMPLATES[maker, name]

    def taken(text: str) -> list[dict[str, str]]:
        return [dict(row) for row in rows(template, lines(text, command, logs=is_log))[1]]

    plain = taken(said)
    assert taken(Mask(["operations"]).output(said)) == plain
    masked = taken(Mask(["operations"], Disguise(["HQ-SW-1"])).output(said))
    assert [row.keys() for row in masked] == [row.keys() for row in plain]
