"""The demo's configuration: written as files into a folder, because the daemon of the demo is the daemon as shipped."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from collectors.simulate.fleet import BACKUP_PLATFORM, HEFEI, FleetDevice
from collectors.snmp.reader import User
from monitor.demo.eyes import PASSWORD, SERVER, SERVER_SITE, SERVER_TITLE, SWITCH, USER, Eyes
from monitor.model import Language
from monitor.shipped import shipped

INTERVAL = timedelta(seconds=5)
"""Between two visits of a device; 60 s as shipped. Said to be shortened wherever the demo speaks."""

CUSTOMERS: Mapping[str, tuple[str, str]] = {
    "customer-a": ("Example Centre for Disease Control", "示例市疾病预防控制中心"),
    "customer-b": ("Example County Hospital", "示例县人民医院"),
}

_CLI = "[tables.cli_configuration]"
_HURRY: Mapping[str, str] = {"half_life": '"30s"', "suppress": "1800", "reuse": "1500", "steady": '"20s"'}
"""The flap penalty of the policy, so that a port need not flap for minutes to be seen to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where things are, and the secrets that the configuration refers to, for the daemon's environment."""

    config: Path
    state: Path
    metrics_url: str
    secrets: Mapping[str, str]


def staged(
    folder: Path,
    fleet: Sequence[tuple[FleetDevice, int]],
    smtp_port: int,
    language: Language,
    expected: Mapping[str, Sequence[str]],
    eyes: Eyes,
) -> Stage:
    """Write the configuration for `fleet` (devices with the UDP ports they answer on) and `eyes` below `folder`.

    `expected` names interfaces that must be up, by device.
    """
    config, state = folder / "config", folder / "state"
    config.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    inventory, secrets = _inventory(fleet, language, expected, eyes)
    (config / "netvigil.toml").write_text(_daemon(state, port, smtp_port, language), encoding="utf-8")
    (config / "inventory.toml").write_text(inventory, encoding="utf-8")
    (config / "policy.toml").write_text(_hurried(shipped() / "policy.toml"), encoding="utf-8")
    (config / "platforms").mkdir(exist_ok=True)
    for path in (shipped() / "platforms").glob("*.toml"):
        if _CLI in (text := path.read_text(encoding="utf-8")):
            (config / "platforms" / path.name).write_text(_looked_at_often(text), encoding="utf-8")
    return Stage(config=config, state=state, metrics_url=f"http://127.0.0.1:{port}/metrics", secrets=secrets)


def _daemon(state: Path, port: int, smtp_port: int, language: Language) -> str:
    other = Language.EN if language is Language.ZH_CN else Language.ZH_CN
    return f"""# Written by `netvigil demo`. Intervals are shortened: a real installation visits every 30 s.
[daemon]
state = {_quoted(state)}
listen = "127.0.0.1:{port}"
demo = true

# a year of faults in a minute is no storm here: each is to be seen with its letter
[storm]
letters = 1000

[visits]
interval = "{INTERVAL.total_seconds():g}s"
first_spread = "2s"
back_off = "10s"

[snmp]
timeout = "500ms"
retries = 1

[redfish]
interval = "{INTERVAL.total_seconds():g}s"

[ssh]
interval = "{INTERVAL.total_seconds():g}s"
timeout = "5s"

[history]
interval = "30s"

[mail]
server = "127.0.0.1"
port = {smtp_port}
security = "none"
sender = "netvigil@example.org"
timeout = "5s"

[[mail.recipient]]
name = "Duty engineer"
address = "duty@example.org"
language = "{language.value}"

[[mail.recipient]]
name = "Service manager"
address = "manager@example.org"
language = "{other.value}"
levels = [1]
"""


def _hurried(policy: Path) -> str:
    """The shipped policy with its waiting times shortened, as the intervals are; the rules are the same."""
    text = re.sub(r'\btime = "[^"]+"', 'time = "4s"', policy.read_text(encoding="utf-8"))
    for key, value in _HURRY.items():
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, count=1, flags=re.MULTILINE)
    return f"# Written by `netvigil demo`: the shipped policy, with shorter times.\n{text}"


def _looked_at_often(text: str) -> str:
    """A shipped platform file, in which the configuration is looked at each time and not every six hours."""
    often = re.sub(r'(\[tables\.cli_configuration\][^\[]*?\nevery = )"[^"]+"', r'\1"1s"', text, count=1)
    return f"# Written by `netvigil demo`: the shipped file, with a shorter time.\n{often}"


def _inventory(
    fleet: Sequence[tuple[FleetDevice, int]], language: Language, expected: Mapping[str, Sequence[str]], eyes: Eyes
) -> tuple[str, dict[str, str]]:
    blocks: list[str] = ["# Written by `netvigil demo`."]
    secrets: dict[str, str] = {}
    credentials: dict[str, str] = {}
    for each, _ in fleet:
        name, block, found = _credential(each)
        credentials[name] = block
        secrets |= found
    blocks += credentials.values()
    for name in dict.fromkeys(each.customer for each, _ in fleet):
        titles = CUSTOMERS.get(name, (name, name))
        blocks.append(f'[[customer]]\nname = "{name}"\ntitle = {_quoted(titles[language is Language.ZH_CN])}')
    for site, customer in dict.fromkeys((each.site, each.customer) for each, _ in fleet):
        place = 'region = "hefei"' if site == HEFEI else f'region = "province"\nprefecture = "{site}"'
        blocks.append(f'[[site]]\nname = "{site}"\ncustomer = "{customer}"\n{place}')
    for each, port in fleet:
        blocks.append(
            f'[[device]]\nname = "{each.name}"\ntitle = {_quoted(each.title)}\naddress = "127.0.0.1"\nport = {port}\n'
            f'site = "{each.site}"\nrole = "{each.role.value}"\ncredentials = ["{_credential(each)[0]}"]\n'
            f"expect_up = {json.dumps(list(expected.get(each.name, ())))}"
            + (f'\nssh = "demo"\nssh_port = {eyes.ssh_port}' if each.name == SWITCH else "")
        )
    blocks.append(f'[logins.demo]\nuser = "{USER}"\npassword = {{ env = "DEMO_PASSWORD" }}')
    blocks.append(
        f'[[device]]\nname = "{SERVER}"\ntitle = {_quoted(SERVER_TITLE)}\naddress = "127.0.0.1"\n'
        f'site = "{SERVER_SITE}"\nrole = "server"\nplatform = "{BACKUP_PLATFORM}"\n'
        f'redfish = "demo"\nredfish_port = {eyes.server.port}'
    )
    return "\n\n".join(blocks) + "\n", secrets | {"DEMO_PASSWORD": PASSWORD}


def _credential(device: FleetDevice) -> tuple[str, str, dict[str, str]]:
    """The name, the block of inventory.toml and the secrets of how to talk to the device."""
    credential = device.credential
    if isinstance(credential, User):
        block = (
            f'[credentials.v3]\nversion = "3"\nuser = "{credential.user}"\n'
            f'auth = "{credential.auth}"\nauth_key = {{ env = "DEMO_AUTH" }}\n'
            f'priv = "{credential.priv}"\npriv_key = {{ env = "DEMO_PRIV" }}'
        )
        return "v3", block, {"DEMO_AUTH": credential.auth_key, "DEMO_PRIV": credential.priv_key}
    block = '[credentials.v2c]\nversion = "2c"\ncommunity = { env = "DEMO_COMMUNITY" }'
    return "v2c", block, {"DEMO_COMMUNITY": credential.community}


def _quoted(text: str | Path) -> str:
    """A TOML basic string; JSON's escapes are a part of TOML's."""
    return json.dumps(str(text), ensure_ascii=False)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
