"""The running daemon among devices whose every name is an attack: all that comes out is harmless, and no secret does.

The process of `netvigil run`, devices over SNMP, Redfish and SSH on loopback, traps and log lines, a real mail server,
the desk's pages, what commands print and export. One long test: starting all that is what takes the time.
"""

import asyncio
import json
import os
import re
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.request import urlopen

from free_ports import free_port

from collectors.simulate.fleet import Fleet, backup_server, fleet
from collectors.simulate.redfish import RedfishServer, certificate
from collectors.simulate.shouting import trap
from collectors.simulate.snmp import Network
from commanded import commanded_beside
from desk_browser import PASSWORD, Browser, browsing
from house import INVENTORY, NETVIGIL, SECRETS, Sink, until
from monitor import accounts
from monitor.store import accounts as kept
from monitor.store import tickets
from monitor.store.accounts import AccountRole
from monitor.store.database import Store

HOSTILE = "<script>alert(1)</script>{{7*7}}\r\nBcc: evil@example.org\r\n\r\n=cmd|' /C calc'!A0\u202egnp\x00\x1b[31m"
LONG = HOSTILE + "A" * 65536
CANARIES = {
    **SECRETS, "REDFISH": "canary-redfish-71c", "SSH": "canary-ssh-82d", "MAIL": "canary-mail-93e",
    "WECOM": "wecombot://canary-wecom-a4f",
}  # fmt: skip
CORE, ACCESS, BLADE = "hf-core-01", "hf-acc-03", "redfish-01"
ALIAS, SYS_NAME = "1.3.6.1.2.1.31.1.1.1.18", "1.3.6.1.2.1.1.5.0"
LLDP_NAME = "1.0.8802.1.1.2.1.4.1.1.9"
FAN_TRAP = "1.3.6.1.4.1.25506.8.35.12.1.6"
ENTITY_NAME = "1.3.6.1.2.1.47.1.1.1.1.7"


@dataclass
class World:
    """The daemon's folder, log, mails and pages."""

    folder: Path
    sink: Sink
    process: asyncio.subprocess.Process | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    fleet: Fleet = field(default_factory=fleet)

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text("utf-8", "replace")

    def fetched(self, path: str) -> str:
        url = self.log.split("metrics at ")[1].split("/metrics")[0]
        with urlopen(f"{url}{path}", timeout=10) as answer:  # noqa: S310 - http, to our own daemon
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.fetched("/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0


def bodies(mail: EmailMessage) -> str:
    """All that a mail program would show, headers and parts."""
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return "\n".join(
        [*(f"{name}: {value}" for name, value in mail.items()), *(str(part.get_content()) for part in parts)]
    )


async def banner(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What calls itself SSH and is none."""
    writer.write(b"SSH-2.0-" + HOSTILE.replace("\r\n", " ").encode()[:200] + b"\r\n" + b"\x00" * 50)
    await writer.drain()
    writer.close()


async def started(world: World, network: Network, blade: RedfishServer, ssh: int, ports: tuple[int, int, int]) -> None:
    """Dress the devices up, write the configuration, start the daemon."""
    inventory = INVENTORY
    for one in world.fleet.devices:
        if one.name not in {CORE, ACCESS}:
            continue
        one.device.set(SYS_NAME, HOSTILE)
        for oid in [
            oid for oid in one.device.values() if oid.startswith((f"{ALIAS}.", f"{LLDP_NAME}.", f"{ENTITY_NAME}."))
        ]:
            if one.name == ACCESS or not oid.startswith(ENTITY_NAME):
                one.device.set(oid, HOSTILE)
        for index in range(1, 60):
            one.device.set(f"{ALIAS}.{index}", HOSTILE)
        port = await network.serve(one.device, one.address)
        secret = "v2c" if one.role.value == "access" else "v3"
        inventory += (
            f'[[device]]\nname = "{one.name}"\naddress = "{one.address}"\nport = {port}\nsite = "hefei-1"\n'
            f'role = "{one.role.value}"\ncredentials = ["{secret}"]\nssh = "vty"\nssh_port = {ssh}\n'
        )
    await blade.start(certificate(world.folder), "127.77.1.1")
    inventory += (
        f'[[device]]\nname = "{BLADE}"\naddress = "127.77.1.1"\nsite = "hefei-1"\nrole = "server"\n'
        f'platform = "dell_idrac"\nredfish = "idrac"\nredfish_port = {blade.port}\n'
        '[logins.idrac]\nuser = "monitor"\npassword = { env = "REDFISH" }\n'
        '[logins.vty]\nuser = "netvigil"\npassword = { env = "SSH" }\n'
    )
    (world.folder / "inventory.toml").write_text(inventory)
    text = NETVIGIL.format(smtp=world.sink.port)
    text = text.replace('language = "en"', 'language = "en"\nchannels = ["group"]', 1)
    text += f'[traps]\nlisten = "0.0.0.0:{ports[0]}"\n[syslog]\nlisten = "0.0.0.0:{ports[1]}"\n'
    text += '[redfish]\ninterval = "2s"\n[ssh]\ninterval = "2s"\n'
    text += f'[web]\nlisten = "127.0.0.1:{ports[2]}"\n[[channel]]\nname = "group"\nkind = "wecom"\n'
    text += 'url = { env = "WECOM" }\nserver = "http://127.0.0.1:9"\n'
    (world.folder / "netvigil.toml").write_text(text)
    with Store(world.folder / "state") as store, store.writing() as disk:
        accounts.made(disk, "li", "li", AccountRole.ADMIN, None, kept_at())
        kept.password_set(disk, "li", accounts.hashed(PASSWORD), must_change=False)
    with (world.folder / "daemon.log").open("wb") as log:
        world.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", "-v", "run", "--config", str(world.folder)),
            stdout=log, stderr=log, env={**os.environ, **CANARIES},
        )  # fmt: skip
    await until(lambda: "watching" in world.log)


def kept_at() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def sent(source: str, port: int, datagram: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.sendto(datagram, ("127.0.0.1", port))


async def pages(world: World, browser: Browser, number: str) -> None:
    """Write the strings into the ticket, and look at every page."""
    await browser.log_in("li")
    page = f"/tickets/{number}"
    for text in (HOSTILE, LONG):
        assert (await browser.post(f"{page}/comment", {"text": text}, on=page)).status_code == 303
    await browser.attach(f"{page}/attach", HOSTILE, HOSTILE.encode(), on=page)
    await browser.post(f"{page}/respond", {"owner": HOSTILE}, on=page)
    assert (await browser.post(f"{page}/workaround", {"text": HOSTILE}, on=page)).status_code == 303
    await browser.post(
        "/maintenance", {"site": "hefei-1", "ends": "2030-01-01T00:00", "reason": HOSTILE}, on="/maintenance"
    )
    for path in ("/", "/tickets", page, "/new", "/assets", "/spares", "/maintenance", "/accounts"):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert "evil" not in str(answer.headers), path
        world.outputs[f"page {path}"] = answer.text


async def commands(world: World, number: str) -> None:
    """What people and programs read of the store."""
    config = ("--config", str(world.folder))
    for words in (
        ("ticket", "show", number, *config), ("ticket", "show", number, *config, "--json"),
        ("ticket", "letters", number, *config), ("ticket", "list", *config), ("device", "list", *config),
        ("fault", "list", *config), ("explain", "1", *config), ("maintenance", "list", *config),
        ("asset", "diff", *config), ("asset", "export", str(world.folder / "units.csv"), *config), ("check", *config),
    ):  # fmt: skip
        done = await commanded_beside(*words, secrets=CANARIES)
        world.outputs[f"command {' '.join(words[:2])} {words[-1]}"] = done.stdout + done.stderr


def harmless(world: World) -> None:
    """No output has what plays tricks, and none that a browser reads has a tag of theirs."""
    for name, text in world.outputs.items():
        assert not re.search("[\u202e\u2066\x00\x1b]", text), name
        if name.startswith(("page", "html")):
            assert not re.search(r"<script|</script", text, re.IGNORECASE), name
        if name.startswith(("log", "metrics", "mail")):  # of what people wrote in lines pages and commands keep them
            assert not re.search(r"^\s*Bcc: evil", text, re.MULTILINE), name
        assert "alert(1)</script>49" not in text, name
        assert len(text) < 4_000_000, name


async def test_what_devices_and_people_say_comes_out_harmless_and_no_secret_comes_out(tmp_path: Path) -> None:
    world, network = World(folder=tmp_path, sink=Sink()), Network()
    await world.sink.open()
    tree = json.loads(json.dumps(backup_server()).replace('"PowerEdge R650"', json.dumps(HOSTILE)))
    blade = RedfishServer(tree=tree, password=CANARIES["REDFISH"])
    shell = await asyncio.start_server(banner, "0.0.0.0", 0)  # noqa: S104 - at each address of the devices
    ports = free_port(), free_port(), free_port()
    try:
        await started(world, network, blade, shell.sockets[0].getsockname()[1], ports)
        await until(lambda: world.metric('netvigil_visits_total{result="answered"}') >= 3)
        access = next(each for each in world.fleet.devices if each.name == ACCESS)
        values: dict[str, int | bytes | str] = {f"{ENTITY_NAME}.1": HOSTILE}
        sent(access.address, ports[0], trap(access.device, access.credential, FAN_TRAP, values, 1.0))
        for text in (HOSTILE, LONG[:60_000]):
            line = f"<189>%Nov 22 12:00:00:000 2026 x DEV/5/SYSTEM_REBOOT: {text}"
            sent(access.address, ports[1], line.encode("utf-8", "replace"))
        next(each for each in world.fleet.breakages if each.name == "access-fan").break_()
        await until(lambda: any(ACCESS in str(mail["Subject"]) for mail in world.sink.mails), 90)
        with Store(tmp_path / "state") as store, store.reading() as disk:
            number = tickets.unclosed(disk)[0].id
        async with browsing(f"http://127.0.0.1:{ports[2]}") as browser:
            await pages(world, browser, number)
        await until(lambda: any("alert(1)" in bodies(mail) for mail in world.sink.mails), 60)
        for path in ("/metrics", f"/probe?target={ACCESS}", "/sd", "/runbooks/"):
            world.outputs[f"metrics {path}"] = world.fetched(path)
        await commands(world, number)
    finally:
        if world.process is not None and world.process.returncode is None:
            world.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(world.process.wait(), 30)
        shell.close()
        await blade.stop()
        network.close()
        world.sink.close()
    world.outputs["log"] = world.log
    for at, mail in enumerate(world.sink.mails):
        assert mail["Bcc"] is None
        assert mail.get_all("Subject", []) == [str(mail["Subject"])]
        world.outputs[f"mail {at}"] = bodies(mail)
        html = mail.get_body(("html",))
        world.outputs[f"html {at}"] = str(html.get_content()) if html is not None else ""
    assert any("alert(1)" in text for name, text in world.outputs.items() if name.startswith("page"))
    assert any("alert(1)" in text for name, text in world.outputs.items() if name.startswith("metrics"))
    assert any("alert(1)" in text for name, text in world.outputs.items() if name.startswith("html"))
    harmless(world)
    assert "Traceback" not in world.log
    secret_free(world)


def secret_free(world: World) -> None:
    """No password, community or key is anywhere but in what was given to the daemon."""
    canaries = [each.removeprefix("wecombot://") for each in CANARIES.values()]
    for name, text in world.outputs.items():
        assert not [each for each in canaries if each in text], name
    for path in (world.folder / "state").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [each for each in canaries if each.encode() in content], path
