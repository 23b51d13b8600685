import tomllib
from pathlib import Path

import pytest

from collectors.identify import SYS_DESCR, SYS_OBJECT_ID, identified
from collectors.platform import Platform, PlatformFile, platforms

FOLDER = Path(__file__).parents[2] / "configs" / "platforms"


@pytest.fixture(scope="module")
def ours() -> dict[str, Platform]:
    files = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}
    return platforms({name: PlatformFile.model_validate(tomllib.loads(text)) for name, text in files.items()})


@pytest.mark.parametrize(
    ("object_id", "description", "name"),
    [
        ("1.3.6.1.4.1.2011.2.23.291", b"S5720-56C-PWR-EI-AC\r\n VRP (R) software,Version 5.170", "huawei_vrp"),
        ("1.3.6.1.4.1.2011.2.239.1", b"S12704", "huawei_vrp"),
        ("1.3.6.1.4.1.2011.2.62.2", b"", "huawei_vrp"),
        (None, b"VRP Software Version", "huawei_vrp"),
        (None, b"Huawei YunShan OS Version 1.22.0.1", "huawei_vrp"),
        ("1.3.6.1.4.1.25506.1.578", b"H3C Switch E528 Software Version 5.20", "h3c_comware"),
        ("1.3.6.1.4.1.25506.11.1.120", b"HPE Comware Platform Software", "h3c_comware"),
        (None, b"HP V1910-48G Switch Software Version 5.20", "h3c_comware"),
        ("1.3.6.1.4.1.674.10892.5", b"", "dell_idrac"),
        ("1.3.6.1.4.1.674.10892.2", b"Linux hostname 2.6.23.1", "dell_idrac"),
        (".1.3.6.1.4.1.674.10892.5", None, "dell_idrac"),
        (None, b"Dell Out-of-band SNMP Agent for Remote Access Controller", "dell_idrac"),
        ("1.3.6.1.4.1.2011.10.1.88", b"Huawei-3Com Versatile Routing Platform Software, Version 3.10", "h3c_comware"),
        ("1.3.6.1.4.1.43.1.16.4.3.37", b"3Com Switch 4800G PWR 24-Port Software Version 5.20", "h3c_comware"),
        (None, b"HPE OfficeConnect 1950 Switch Software Version 7.1", "h3c_comware"),
        ("1.3.6.1.4.1.2011.2.88.3", b"Huawei NE40E VRP (R) software", "huawei_vrp"),
        ("1.3.6.1.4.1.2011.2.122.12", b"Huawei USG6600", "huawei_vrp"),
        ("1.3.6.1.4.1.2011.2.240.6", b"Huawei AC6605", "huawei_vrp"),
        (".1.3.6.1.4.1.2011.2.235", b"Hardware management system", "huawei_ibmc"),
    ],
)
def test_device_of_ours_is_recognised(
    ours: dict[str, Platform], object_id: str | None, description: bytes | None, name: str
) -> None:
    assert identified({SYS_OBJECT_ID: object_id, SYS_DESCR: description}, ours).name == name


@pytest.mark.parametrize(
    ("object_id", "description"),
    [
        ("1.3.6.1.4.1.2011.2.82.1", b"E9000 MM910"),
        ("1.3.6.1.4.1.2011.2.123", b"Huawei Integrated Access Software"),
        ("1.3.6.1.4.1.2011.2.999", b"Huawei Integrated Access Software"),
        ("1.3.6.1.4.1.2011.6.174.4.1.2.4", b"SNMP Card for HUAWEI UPS2000"),
        ("1.3.6.1.4.1.20110.2.1", b""),
        ("1.3.6.1.4.1.674.11000.5000.100.2.1.7", b"Dell EMC Networking OS10 Enterprise."),
        ("1.3.6.1.4.1.674.10892.1", b"Linux server"),
        ("1.3.6.1.4.1.8072.3.2.10", b"Linux host 2.6.27"),
        (None, None),
    ],
)
def test_other_device_is_watched_as_any_snmp_device(
    ours: dict[str, Platform], object_id: str | None, description: bytes | None
) -> None:
    assert identified({SYS_OBJECT_ID: object_id, SYS_DESCR: description}, ours).name == "_standard"


def test_longer_prefix_wins_over_shorter() -> None:
    words = {
        "_standard": PlatformFile(),
        "maker": PlatformFile.model_validate({"identify": {"object_ids": ["1.3.6.1.4.1.99"]}}),
        "series": PlatformFile.model_validate({"identify": {"object_ids": ["1.3.6.1.4.1.99.7"]}}),
    }

    assert identified({SYS_OBJECT_ID: "1.3.6.1.4.1.99.7.1"}, platforms(words)).name == "series"
    assert identified({SYS_OBJECT_ID: "1.3.6.1.4.1.99.71"}, platforms(words)).name == "maker"
