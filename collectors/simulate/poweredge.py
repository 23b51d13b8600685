"""A PowerEdge that never was, as its iDRAC tells it over Redfish: a tree of documents, healthy or broken in one place.

The shapes follow what iDRAC 9 answers (Redfish 1.13); `old` is one without the subsystems and sensors of 2020.
"""

import json
from collections.abc import Mapping
from typing import Any

from collectors.redfish.documents import ID
from collectors.simulate.trees import Change, Tree, changed

ROOT = "/redfish/v1"
SYSTEM = f"{ROOT}/Systems/System.Embedded.1"
CHASSIS = f"{ROOT}/Chassis/System.Embedded.1"
MANAGER = f"{ROOT}/Managers/iDRAC.Embedded.1"
STORAGE = f"{SYSTEM}/Storage/RAID.Integrated.1-1"
FAULTS = f"{MANAGER}/LogServices/FaultList/Entries"
SEL = f"{MANAGER}/LogServices/Sel/Entries"
PS1, PS2 = (f"{CHASSIS}/PowerSubsystem/PowerSupplies/PSU.Slot.{n}" for n in (1, 2))
DISK_0, DISK_1 = (f"{STORAGE}/Drives/Disk.Bay.{n}:Enclosure.Internal.0-1:RAID.Integrated.1-1" for n in (0, 1))
DIMM_A1, DIMM_B1 = (f"{SYSTEM}/Memory/DIMM.Socket.{place}" for place in ("A1", "B1"))

TROUBLES: Mapping[str, tuple[Change, ...]] = {
    "psu_failed": (
        (PS1, "/Status", {"Health": "Critical", "State": "UnavailableOffline"}),
        (PS1, "/Oem/Dell/DellPowerSupplyView/DetailedState", "Presence Detected|Input lost (AC)"),
        (SYSTEM, "/Status", {"Health": "Critical", "HealthRollup": "Critical", "State": "Enabled"}),
        (SYSTEM, "/Oem/Dell/DellSystem/PSRollupStatus", "Error"),
        (FAULTS, "/Members", [{"Id": "1", "Severity": "Critical", "MessageId": "PSU0003",
                               "Message": "The power input for power supply 1 is lost."}]),
    ),
    "psu_vanished": (
        (PS1, "", None),
        (SYSTEM, "/Status", {"Health": "Critical", "HealthRollup": "Critical", "State": "Enabled"}),
    ),
    "disk_failed": (
        (DISK_0, "/Status", {"Health": "Critical", "State": "Enabled"}),
        (DISK_0, "/Oem/Dell/DellPhysicalDisk/RaidStatus", "Failed"),
        (STORAGE, "/Status", {"Health": "Critical", "HealthRollup": "Critical", "State": "Enabled"}),
        (SYSTEM, "/Oem/Dell/DellSystem/StorageRollupStatus", "Error"),
    ),
    "disk_predicted": (
        (DISK_1, "/FailurePredicted", True),
        (DISK_1, "/Status/Health", "Warning"),
        (STORAGE, "/Status", {"Health": "Warning", "HealthRollup": "Warning", "State": "Enabled"}),
        (SYSTEM, "/Oem/Dell/DellSystem/StorageRollupStatus", "Degraded"),
    ),
    "dimm_failed": (
        (DIMM_B1, "/Status/Health", "Critical"),
        (SYSTEM, "/Status", {"Health": "Critical", "HealthRollup": "Critical", "State": "Enabled"}),
        (SYSTEM, "/Oem/Dell/DellSystem/SysMemPrimaryStatus", "Error"),
    ),
    "powered_off": (
        (SYSTEM, "/PowerState", "Off"),
        (f"{CHASSIS}/Sensors/CPU1Temp", "/Reading", -128),
        (f"{CHASSIS}/Sensors/Fan.Embedded.1", "/Reading", 0),
        (f"{CHASSIS}/Sensors/Fan.Embedded.1", "/Status/Health", None),
        (f"{CHASSIS}/ThermalSubsystem/Fans/Fan.Embedded.1", "/Status", {"Health": None, "State": "UnavailableOffline"}),
    ),
}  # fmt: skip
"""What may be broken in the server, by name."""

_OK = {"Health": "OK", "State": "Enabled"}
_ROLLUPS = ("Battery", "CPU", "Current", "Fan", "Intrusion", "Licensing", "PS", "SEL", "Storage", "Temp", "Volt")


def poweredge(*troubles: str, tag: str = "SIM0001", old: bool = False) -> Tree:
    """All documents of the server by path, with these `troubles` (see TROUBLES)."""
    tree: Tree = json.loads(json.dumps(_old(_new(tag)) if old else _new(tag)))  # nothing is shared within it
    for trouble in troubles:
        for change in TROUBLES[trouble]:
            changed(tree, change)
    return tree


def _new(tag: str) -> Tree:
    tree: Tree = {}

    def put(path: str, **told: Any) -> None:
        tree[path] = {ID: path, "Id": path.rpartition("/")[2], **told}

    def listed(path: str, members: Mapping[str, Mapping[str, Any]]) -> None:
        for name, told in members.items():
            put(f"{path}/{name}", **told)
        tree[path] = {ID: path, "Members": [{ID: f"{path}/{name}"} for name in members]}

    put(
        ROOT, RedfishVersion="1.13.1", Vendor="Dell", Oem={"Dell": {"ServiceTag": tag}},
        ProtocolFeaturesSupported={"ExpandQuery": {"ExpandAll": True, "Levels": True, "MaxLevels": 1, "NoLinks": True}},
        SessionService={ID: f"{ROOT}/SessionService"},
    )  # fmt: skip
    rollup = _OK | {"HealthRollup": "OK"}
    listed(f"{ROOT}/Systems", {"System.Embedded.1": {
        "Manufacturer": "Dell Inc.", "Model": "PowerEdge R650", "SKU": tag, "SerialNumber": f"CN{tag}",
        "HostName": f"host-{tag.lower()}", "PowerState": "On", "Status": rollup,
        "MemorySummary": {"Status": rollup}, "ProcessorSummary": {"Status": rollup},
        "Oem": {"Dell": {"DellSystem": {f"{name}RollupStatus": "OK" for name in _ROLLUPS}
                         | {"SysMemPrimaryStatus": "OK", "SDCardRollupStatus": None}}},
    }})  # fmt: skip
    listed(f"{ROOT}/Managers", {"iDRAC.Embedded.1": {"FirmwareVersion": "7.10.30.00", "Status": _OK}})
    tree[FAULTS] = {ID: FAULTS, "Members": []}
    tree[SEL] = {ID: SEL, "Members": [_entry(n) for n in range(30, 0, -1)], "Members@odata.nextLink": f"{SEL}?$skip=30"}
    listed(f"{ROOT}/Chassis", {
        "System.Embedded.1": {
            "Name": "Computer System Chassis", "ChassisType": "RackMount", "Manufacturer": "Dell Inc.",
            "Status": rollup, "PhysicalSecurity": {"IntrusionSensor": "Normal"},
        },
        "Enclosure.Internal.0-1:RAID.Integrated.1-1": {
            "Name": "BP14G+ 0:1", "Description": "Backplane 1 on Connector 0 of Integrated RAID Controller 1",
            "ChassisType": "StorageEnclosure", "Status": rollup,
        },
    })  # fmt: skip
    listed(f"{CHASSIS}/Sensors", {
        "CPU1Temp": _sensor("CPU1 Temp", "Temperature", "Cel", 46, (3, 8, 93, 98)),
        "SystemBoardInletTemp": _sensor("System Board Inlet Temp", "Temperature", "Cel", 23, (-7, 3, 38, 42)),
        "Fan.Embedded.1": _sensor("System Board Fan1", "Rotational", "RPM", 6240, (480, 840, None, None)),
        "Fan.Embedded.2": _sensor("System Board Fan2", "Rotational", "RPM", 6240, (480, 840, None, None)),
        "PS1Voltage": _sensor("PS1 Voltage 1", "Voltage", "V", 228.0),
        "PS1Current1": _sensor("PS1 Current 1", "Current", "A", 0.8),
        "PSU.Slot.1_InputPower": _sensor("InputPowerSensor", "Power", "W", 143.5),
        "PSU.Slot.2_InputPower": _sensor("InputPowerSensor", "Power", "W", 0.0),
        "SystemBoardPwrConsumption": _sensor(
            "System Board Pwr Consumption", "Power", "W", 198, (None, None, 1078, 1176)
        ),
    })  # fmt: skip
    put(f"{CHASSIS}/ThermalSubsystem", Status=_OK, FanRedundancy=[{"RedundancyType": "NPlusM", "Status": _OK}])
    listed(f"{CHASSIS}/ThermalSubsystem/Fans", {
        f"Fan.Embedded.{n}": {"Name": f"Fan {n}", "Status": _OK,
                              "Location": {"PartLocation": {"ServiceLabel": f"System Board Fan{n}"}}} for n in (1, 2)
    })  # fmt: skip
    put(f"{CHASSIS}/PowerSubsystem", Status=_OK, PowerSupplyRedundancy=[])
    listed(f"{CHASSIS}/PowerSubsystem/PowerSupplies", {f"PSU.Slot.{n}": _supply(n) for n in (1, 2)})
    listed(f"{SYSTEM}/Storage", {
        "RAID.Integrated.1-1": {
            "Name": "PERC H755", "Description": "Integrated RAID Controller 1", "Status": rollup,
            "StorageControllers": [{"Model": "PERC H755", "Status": rollup}],
            "Drives": [{ID: DISK_0}, {ID: DISK_1}],
            "Oem": {"Dell": {"DellController": {"RollupStatus": "OK"}, "DellControllerBattery": {
                "Id": "Battery.Integrated.1:RAID.Integrated.1-1", "Name": "Battery on Integrated RAID Controller 1",
                "PrimaryStatus": "OK", "RAIDState": "Ready"}}},
        },
        # its health is null as a rule, and so it is unknown
        "AHCI.Embedded.1-1": {"Name": "SATA Controller [AHCI mode]", "Description": "Embedded AHCI 1", "Drives": [],
                              "Status": {"Health": None, "HealthRollup": None, "State": "Enabled"}},
    })  # fmt: skip
    for n, path in enumerate((DISK_0, DISK_1)):
        put(
            path, Name=f"Solid State Disk 0:1:{n}", Status=rollup, FailurePredicted=False, Model="MODEL-A",
            Description=f"Disk {n} in Backplane 1 of Integrated RAID Controller 1", PredictedMediaLifeLeftPercent=98,
            Manufacturer="MAKER-B", SerialNumber=f"DISK{tag}{n}",
            Oem={"Dell": {"DellPhysicalDisk": {"RaidStatus": "Online", "OperationPercentCompletePercent": 0}}},
        )  # fmt: skip
    listed(f"{STORAGE}/Volumes", {"Disk.Virtual.0:RAID.Integrated.1-1": {
        "Name": "system", "Description": "Virtual Disk 0 on Integrated RAID Controller 1", "VolumeType": "Mirrored",
        "Status": rollup, "Oem": {"Dell": {"DellVirtualDisk": {"RaidStatus": "Online"}}},
    }})  # fmt: skip
    listed(f"{SYSTEM}/Memory", {
        "DIMM.Socket.A1": {"Manufacturer": "MAKER-C", "SerialNumber": f"A1{tag}", "PartNumber": "DDR4", "Status": _OK},
        "DIMM.Socket.B1": {"Manufacturer": "MAKER-C", "SerialNumber": f"B1{tag}", "PartNumber": "DDR4", "Status": _OK},
        "DIMM.Socket.B2": {"Status": {"Health": None, "State": "Absent"}},
    })  # fmt: skip
    put(f"{DISK_1}/Metrics", BadBlockCount=0, UncorrectableIOReadErrorCount=0,
        NVMeSMART={"MediaAndDataIntegrityErrors": 0})  # fmt: skip
    tree[DISK_1]["Metrics"] = {ID: f"{DISK_1}/Metrics"}
    for dimm in (DIMM_A1, DIMM_B1):
        put(f"{dimm}/MemoryMetrics", LifeTime={"CorrectableECCErrorCount": 0, "UncorrectableECCErrorCount": 0})
    listed(f"{ROOT}/LicenseService/Licenses", {
        "FD1": {"Description": "iDRAC9 Enterprise License", "LicenseType": "Production", "ExpirationDate": None},
        "FD2": {"Description": "Secured Component Verification", "LicenseType": "Trial",
                "ExpirationDate": "2036-01-31T00:00:00-06:00"},
    })  # fmt: skip
    listed(f"{SYSTEM}/Processors", {
        "CPU.Socket.1": {"Model": "Processor A", "Status": _OK},
        "CPU.Socket.2": {"Model": None, "Status": {"Health": None, "State": "Absent"}},
    })  # fmt: skip
    listed(f"{SYSTEM}/EthernetInterfaces", {
        "NIC.Embedded.1-1-1": {"LinkStatus": "LinkUp", "Status": _OK},
        "NIC.Embedded.2-1-1": {"LinkStatus": "LinkDown", "Status": _OK},
    })  # fmt: skip
    listed(f"{ROOT}/UpdateService/FirmwareInventory", {
        "Installed-159-1.9.2__BIOS.Setup.1-1": {"Name": "BIOS", "Version": "1.9.2", "Status": _OK},
    })  # fmt: skip
    return tree


def _entry(n: int) -> dict[str, Any]:
    created = f"2026-11-22T07:{n:02}:00-05:00"  # which is no true moment
    told = {"Id": str(n), "Created": created, "Severity": "Warning" if n == 30 else "OK", "Message": f"Event {n}."}  # noqa: PLR2004 - the newest
    return {ID: f"{SEL}/{n}", **told}


def _sensor(
    name: str, kind: str, units: str, reading: float, limits: tuple[float | None, ...] = (None,) * 4
) -> dict[str, Any]:
    names = ("LowerCritical", "LowerCaution", "UpperCaution", "UpperCritical")
    return {
        "Name": name, "ReadingType": kind, "ReadingUnits": units, "Reading": reading, "Status": dict(_OK),
        "Thresholds": {limit: {"Reading": value} for limit, value in zip(names, limits, strict=True)},
    }  # fmt: skip


def _supply(n: int) -> dict[str, Any]:
    return {
        "Name": f"PS{n} Status", "Model": "PWR SPLY,800W", "PartNumber": "PART-D", "SerialNumber": f"PSU{n}",
        "LineInputStatus": None, "Status": dict(_OK),
        "Oem": {"Dell": {"DellPowerSupplyView": {"DetailedState": "Presence Detected"}}},
    }  # fmt: skip


def _old(tree: Tree) -> Tree:
    """The same server with Power and Thermal in place of what came after them, as iDRAC 8 tells it."""
    new = ("Sensors", "ThermalSubsystem", "PowerSubsystem")
    told = {path: document for path, document in tree.items() if not any(f"/{name}" in path for name in new)}
    del told[FAULTS]
    told[f"{CHASSIS}/Power"] = {
        ID: f"{CHASSIS}/Power",
        "PowerSupplies": [_supply(n) | {"MemberId": f"PSU.Slot.{n}", "LineInputVoltage": 228} for n in (1, 2)],
        "Redundancy": [{"Name": "System Board PS Redundancy", "Status": _OK}],
        "Voltages": [{"Name": "System Board 5V SW PG", "ReadingVolts": 1, "Status": _OK}],
        "PowerControl": [{"Name": "System Power Control", "PowerConsumedWatts": 198}],
    }
    told[f"{CHASSIS}/Thermal"] = {
        ID: f"{CHASSIS}/Thermal",
        "Fans": [
            {"FanName": f"System Board Fan{n}", "Reading": 6240, "ReadingUnits": "RPM", "Status": _OK,
             "LowerThresholdCritical": 480, "LowerThresholdNonCritical": 840} for n in (1, 2)
        ],
        "Redundancy": [{"Name": "System Board Fan Redundancy", "Status": _OK}],
        "Temperatures": [{"Name": "CPU1 Temp", "ReadingCelsius": 46, "UpperThresholdCritical": 98, "Status": _OK}],
    }  # fmt: skip
    return told
