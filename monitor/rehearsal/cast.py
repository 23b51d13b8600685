"""Who stands on the stage of a scenario, where, who is connected to whom, and who gets mail."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from collectors.simulate.played import Simulated
from monitor.fields import Host, MailAddress, Name, PositiveDuration, Settled, Title, Whole, Zone
from monitor.model import Language, Role
from monitor.rehearsal.words import ZONE, LevelNumber, Names, Words


class CustomerFile(Settled):
    """One [[customer]]; if there is none, one named "customer"."""

    name: Name = Field(description="Short name.")
    title: Title = Field("", description="Full name.")


class SiteFile(Settled):
    """One [[site]]; if there is none, one named "site-1" in Hefei."""

    name: Name = Field(description="Short name.")
    customer: Name | None = Field(None, description="Name of a [[customer]]; the first if left out.")
    region: Name = Field("hefei", description="Region of the contract.")
    prefecture: Title = Field("", description="Prefecture of the contract.")
    zone: Zone = Field(ZONE, description="Time zone.")
    title: Title = Field("", description="Full name.")


class DeviceFile(Settled):
    """One [[device]]: simulated, or answering from a recording."""

    name: Name = Field(description="Name, unique in the scenario.")
    simulated: Simulated | None = Field(None, description="Which device Netvigil plays.")
    recording: Words = Field(
        [],
        description="A .snmprec file, a folder of Redfish documents or one of command outputs, or several of these. "
        "Looked for beside the scenario, then in $NETVIGIL_RECORDINGS, then in ../shared/recordings.",
    )
    role: Role = Field(Role.OTHER, description="What the device is for.")
    site: Name | None = Field(None, description="Name of a [[site]]; the first if left out.")
    address: Host | None = Field(None, description="Address; a free one if left out.")
    platform: str = Field("auto", description="Name of a file in platforms/, or what it says that it is.")
    parents: Names = Field([], description="Devices through which it is reached.")
    interval: PositiveDuration | None = Field(None, description="Time between two visits.")
    expect_up: list[str] = Field([], description="Interfaces that must be up.")
    title: Title = Field("", description="What people call it.")
    eyes: list[Literal["snmp", "redfish", "ssh"]] | None = Field(
        None, description="By which eyes it is seen; by all that it answers if left out."
    )
    commands: dict[str, str] = Field({}, description="Outputs by command, which it prints over SSH.")
    members: Whole = Field(1, ge=1, le=9, description="Members of the stack or IRF fabric.")
    power_supplies: Whole = Field(2, ge=0, le=8, description="Power supplies of each member.")
    fans: Whole | None = Field(None, ge=0, le=24, description="Fans of each member; 2, or 6 in a server.")
    ports: Whole = Field(24, ge=1, le=48, description="Copper ports of each member.")
    optics: Whole = Field(4, ge=0, le=48, description="Ports with optics of each member.")
    down: list[str] = Field([], description="Ports with nothing plugged in.")
    disks: Whole = Field(4, ge=0, le=24, description="Disks of the server.")
    dimms: Whole = Field(8, ge=1, le=32, description="Memory modules of the server.")
    model: str = Field("", description="Model as the device tells it.")
    version: str = Field("", description="Version as the device tells it.")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.simulated and not self.recording:
            words = ", ".join(f'"{each}"' for each in Simulated)
            raise ValueError(
                f"simulated or recording is required: which device stands here? simulated is one of {words}"
            )
        if self.simulated and self.recording:
            raise ValueError("simulated and recording exclude each other; write two [[device]]")
        return self


class EndFile(Settled):
    """One end of a link."""

    device: Name = Field(description="Name of a [[device]].")
    port: str = Field(description="Name of its port.")


def _end(raw: object) -> object:
    if isinstance(raw, str):
        device, _, port = raw.strip().partition(" ")
        return {"device": device, "port": port.strip()}
    return raw


End = Annotated[EndFile, BeforeValidator(_end)]


class LinkFile(Settled):
    """One [[link]]: a cable, which both ends tell of over LLDP."""

    a: End = Field(description='One end: "device port", or { device = …, port = … }.')
    b: End = Field(description="The other end.")


class RecipientFile(Settled):
    """One [[recipient]] of letters; if there is none, one engineer."""

    name: Title = Field(description="Who it is.")
    address: MailAddress | None = Field(None, description="Mail address; made of the name if left out.")
    language: Language = Field(Language.EN, description="Language of the letters.")
    customers: Names = Field([], description="Only about these customers.")
    sites: Names = Field([], description="Only about these sites.")
    levels: list[LevelNumber] = Field([], description="Only about faults of these levels.")
