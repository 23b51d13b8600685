"""The demo's fleet: simulated devices in two sites of two customers, and the faults that can be rehearsed on them.

All of it is written by us: names, serial numbers and places are inventions. Each device answers as its maker's MIBs
say; what it breaks is told under the names that the platform files give to components.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from collectors.simulate.boxes import Box
from collectors.simulate.breakage import SILENT, Bench, Breakage, Changes
from collectors.simulate.comware import ComwareSwitch
from collectors.simulate.idrac import DellServer
from collectors.simulate.played import Wanted, comware_switch, dell_server, vrp_switch
from collectors.simulate.poweredge import poweredge
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.trees import Tree
from collectors.simulate.vrp import VrpSwitch
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from monitor.model import Condition, Role

HEFEI, WUHU = "hefei", "wuhu"
_CUSTOMERS = {HEFEI: "customer-a", WUHU: "customer-b"}
_OLD_H3C = "1.3.6.1.4.1.25506.1.614"

COMMUNITY: Final = Community(community="demo-read")
USER: Final = User(
    user="netvigil",
    auth=AuthProtocol.SHA256,
    auth_key="demo-authentication",
    priv=PrivProtocol.AES128,
    priv_key="demo-privacy",
)
"""What the fleet listens to: the switches to the community, the stacks and servers to the user. No secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDevice:
    """One device of the fleet, and where it should be put: `address` is of this machine (127.0.0.0/8)."""

    name: str
    title: str
    address: str
    customer: str
    site: str
    role: Role
    credential: Credential
    device: SimulatedDevice


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All devices, and every fault that can be rehearsed: those of the demo, in a good order, and `more` for tests."""

    devices: tuple[FleetDevice, ...]
    breakages: tuple[Breakage, ...]
    more: tuple[Breakage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """One device before it is built."""

    name: str
    title: str
    site: str
    role: Role
    box: Box
    credential: Credential = COMMUNITY


def _serial(item: str, number: int) -> str:
    """A serial number as Huawei writes them (21, item, ten characters), of our own invention."""
    return f"21{item}DEMO{number:06}"


_CORE = vrp_switch(Wanted(
    name="HF-CORE-01", location="Hefei, building 1, room 101, rack A01", version="V200R021C00SPC100",
    serials=(_serial("02351ABC", 1), _serial("02351ABC", 2)), ports=4, optics=24,
))  # fmt: skip
_IRF = comware_switch(Wanted(
    name="芜湖汇聚交换机", location="芜湖市 一号楼 201 机房", serials=("DEMO0H3C00001", "DEMO0H3C00002"), ports=4,
    optics=24,
))  # fmt: skip


def _vrp_access(number: int, name: str, location: str | bytes, down: str) -> VrpSwitch:
    serials = (_serial("02352XYZ", number),)
    wanted = Wanted(name=name, location=location, serials=serials, down=frozenset({down}), fans=1, supplies=1)
    return vrp_switch(wanted)


def _h3c_access(number: int, name: str | bytes, location: str | bytes) -> ComwareSwitch:
    return comware_switch(Wanted(
        name=name, location=location, version="7.1.070, Release 6330P02", serials=(f"DEMO0H3C1000{number}",),
        down=frozenset({"GigabitEthernet1/0/24"}),
    ))  # fmt: skip


_HF_ACC_02 = _vrp_access(2, "HF-ACC-02", "合肥市 二号楼 三层 弱电间", "GigabitEthernet0/0/23")
_HF_ACC_01 = _vrp_access(1, "HF-ACC-01", "Hefei, building 1, floor 2", "GigabitEthernet0/0/24")
_WH_ACC_01 = _vrp_access(3, "WH-ACC-01", "芜湖市 一号楼 一层".encode("gb18030"), "GigabitEthernet0/0/20")
_HF_ACC_03 = _h3c_access(1, "HF-ACC-03", "Hefei, building 3, floor 1")
_WH_ACC_02 = _h3c_access(2, "芜湖接入-02".encode("gb18030"), "Wuhu, building 1, floor 2")
_WH_ACC_03 = ComwareSwitch(
    model="S5120-28P-SI", version="5.20, Release 1513P62", identity=_OLD_H3C, name="WH-ACC-03",
    location="Wuhu, building 2, floor 1", serials=("DEMO0H3C10003",), optic_mbps=1000, old_root=True, fans=1,
    supplies=1,
)  # fmt: skip


def _server(
    model: str, number: int, place: str, *, disks: int = 4, dimms: int = 8, fans: int = 6, watts: int = 750
) -> DellServer:
    return dell_server(Wanted(
        model=f"PowerEdge {model}", serials=(f"DEM{number:04}",), name=f"idrac-{number:02}.example.org", location=place,
        disks=disks, dimms=dimms, fans=fans, watts=watts,
    ))  # fmt: skip


_HF_SRV_01 = _server("R740", 1, "Hefei, rack B01")
_HF_SRV_02 = _server("R740xd", 2, "Hefei, rack B02", disks=8)
_WH_SRV_01 = _server("R640", 3, "Wuhu, rack A03", fans=8)
_WH_SRV_02 = _server("R750", 4, "芜湖市 A04 机柜", dimms=16, watts=1100)

_PLANS: Final[Sequence[_Plan]] = (
    _Plan(name="hf-core-01", title="Core stack, Hefei", site=HEFEI, role=Role.CORE, box=_CORE, credential=USER),
    _Plan(name="hf-acc-01", title="Access, building 1", site=HEFEI, role=Role.ACCESS, box=_HF_ACC_01),
    _Plan(name="hf-acc-02", title="接入交换机 二号楼", site=HEFEI, role=Role.ACCESS, box=_HF_ACC_02),
    _Plan(name="hf-acc-03", title="Access, building 3", site=HEFEI, role=Role.ACCESS, box=_HF_ACC_03),
    _Plan(name="hf-srv-01", title="Virtual machines 1", site=HEFEI, role=Role.SERVER, box=_HF_SRV_01, credential=USER),
    _Plan(name="hf-srv-02", title="Storage 1", site=HEFEI, role=Role.SERVER, box=_HF_SRV_02, credential=USER),
    _Plan(name="wh-dist-01", title="芜湖汇聚 IRF", site=WUHU, role=Role.DISTRIBUTION, box=_IRF, credential=USER),
    _Plan(name="wh-acc-01", title="Access, floor 1", site=WUHU, role=Role.ACCESS, box=_WH_ACC_01),
    _Plan(name="wh-acc-02", title="接入交换机 二层", site=WUHU, role=Role.ACCESS, box=_WH_ACC_02),
    _Plan(name="wh-acc-03", title="Access, building 2", site=WUHU, role=Role.ACCESS, box=_WH_ACC_03),
    _Plan(name="wh-srv-01", title="Database 1", site=WUHU, role=Role.SERVER, box=_WH_SRV_01, credential=USER),
    _Plan(name="wh-srv-02", title="Database 2", site=WUHU, role=Role.SERVER, box=_WH_SRV_02, credential=USER),
)


@dataclass(frozen=True, slots=True)
class _Fault:
    """One breakage before it is bound to its device."""

    name: str
    device: str
    kind: str
    label: str
    aspect: str
    condition: Condition
    changes: Changes


def _faults(flap_seconds: float) -> tuple[_Fault, ...]:
    failed, degraded = Condition.FAILED, Condition.DEGRADED
    return (
        _Fault("core-supply", "hf-core-01", "psu", "Power supply 1/2", "state", failed, _CORE.broken_supply(1, 2)),
        _Fault("access-fan", "hf-acc-03", "fan", "Fan 1", "state", failed, _HF_ACC_03.broken_fan(1, 1)),
        _Fault("dark-optic", "hf-core-01", "optic", _CORE.port_name(1, 6), "rx_power", failed, _CORE.dark_optic(1, 6)),
        _Fault("hot-cpu", "hf-acc-01", "cpu", "S5735-L24T4X-A1 0", "usage", degraded, _HF_ACC_01.hot_cpu(0)),
        _Fault("disk", "hf-srv-02", "disk", _HF_SRV_02.disk_name(4), "state", failed, _HF_SRV_02.broken_disk(4)),
        _Fault("vanished", "wh-acc-01", "device", "", "answer", failed, SILENT),
        _Fault("flapping-port", "wh-acc-02", "interface", _WH_ACC_02.port_name(1, 3), "oper_status", failed,
               _WH_ACC_02.flapping_port(1, 3, flap_seconds)),
        _Fault("hot-board", "hf-acc-02", "temperature", "S5735-L24T4X-A1 0", "temperature", degraded,
               _HF_ACC_02.hot_board(0)),
        _Fault("irf-port", "wh-dist-01", "stack_port", "IRF port 1/2", "state", failed, _IRF.down_irf_port(1, 2)),
        _Fault("server-supply", "wh-srv-01", "psu", "PS2", "state", failed, _WH_SRV_01.broken_supply(2)),
        _Fault("old-switch-supply", "wh-acc-03", "psu", "Power supply 1", "state", failed,
               _WH_ACC_03.broken_supply(1, 1)),
        _Fault("stack-port", "hf-core-01", "stack_port", "Member 2 STACK 1", "state", failed,
               _CORE.down_stack_port(2, 1)),
        _Fault("distribution-optic", "wh-dist-01", "optic", _IRF.port_name(2, 7), "rx_power", failed,
               _IRF.dark_optic(2, 7)),
        _Fault("server-fan", "hf-srv-01", "fan", "System Board Fan3", "state", failed, _HF_SRV_01.broken_fan(3)),
        _Fault("hot-inlet", "wh-srv-02", "temperature", "System Board Inlet Temp", "state", degraded,
               _WH_SRV_02.hot_inlet()),
        _Fault("core-fan", "hf-core-01", "fan", "Fan 2/1", "state", failed, _CORE.broken_fan(2, 1)),
    )  # fmt: skip


def _more() -> tuple[_Fault, ...]:
    return (
        _Fault("pulled-optic", "hf-core-01", "interface", _CORE.port_name(1, 8), "oper_status", Condition.FAILED,
               _CORE.pulled_optic(1, 8)),
    )  # fmt: skip


def _built(number: int, plan: _Plan) -> FleetDevice:
    engine_id = b"\x80\x00\x00\x00\x04" + plan.name.encode()  # RFC 3411 section 5: format 4, text
    device = SimulatedDevice(credentials=(plan.credential,), engine_id=engine_id)
    plan.box.built(device)
    return FleetDevice(
        name=plan.name,
        title=plan.title,
        address=f"127.77.0.{number}",
        customer=_CUSTOMERS[plan.site],
        site=plan.site,
        role=plan.role,
        credential=plan.credential,
        device=device,
    )


BACKUP_PLATFORM: Final = "dell_idrac"
"""What the inventory says that the backup server is, which is seen over Redfish alone."""


def backup_server(*troubles: str) -> Tree:
    """All that the backup server tells, with these troubles."""
    return poweredge(*troubles)


def fleet(flap_seconds: float = 6.0) -> Fleet:
    """A new fleet, all sound. A flapping port is down and up in turn for `flap_seconds` each."""
    devices = tuple(_built(number, plan) for number, plan in enumerate(_PLANS, 1))
    benches = {device.name: Bench(device.device) for device in devices}
    return Fleet(
        devices=devices,
        breakages=tuple(_bound(fault, benches) for fault in _faults(flap_seconds)),
        more=tuple(_bound(fault, benches) for fault in _more()),
    )


def _bound(fault: _Fault, benches: Mapping[str, Bench]) -> Breakage:
    return Breakage(
        name=fault.name,
        device=fault.device,
        kind=fault.kind,
        label=fault.label,
        aspect=fault.aspect,
        condition=fault.condition,
        bench=benches[fault.device],
        changes=fault.changes,
    )
