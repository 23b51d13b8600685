"""The daemon's looks over SSH: what is pinned, kept on disk, and seen by the next visit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import NOON, PLATFORMS, shell

from alerts.locale import words
from alerts.reports.history import happened
from collectors.cli.reader import SshReader
from collectors.looks import Blind
from collectors.simulate.ssh import serving
from collectors.tables import Eye
from monitor.config import loaded
from monitor.model import Happened, Language
from monitor.store import parts
from monitor.store.configurations import Configurations
from monitor.store.database import Store
from monitor.watching import Watcher, fingerprint, look

INVENTORY = """
[credentials.v2c]
version = "2c"
community = { env = "COMMUNITY" }
[logins.ops]
user = "netvigil"
password = { env = "PASSWORD" }
[[customer]]
name = "cdc"
title = "CDC"
[[site]]
name = "hefei-1"
customer = "cdc"
region = "hefei"
[[device]]
name = "core-1"
address = "127.0.0.1"
site = "hefei-1"
role = "core"
platform = "huawei_vrp"
credentials = ["v2c"]
ssh = "ops"
"""


@pytest.fixture
async def watcher(tmp_path: Path) -> AsyncIterator[Watcher]:
    (tmp_path / "netvigil.toml").write_text('[daemon]\nstate = "state"\nlisten = "127.0.0.1:0"\ndemo = true\n')
    (tmp_path / "inventory.toml").write_text(INVENTORY)
    settings = loaded(tmp_path, {"COMMUNITY": "x", "PASSWORD": "secret"})
    reader = SshReader()
    with Store(tmp_path / "state") as store:
        yield Watcher(
            settings=settings,
            readers={Eye.SSH: reader},
            store=store,
            configurations=Configurations(store.directory),
            clock=lambda: NOON,
            platform=lambda device: PLATFORMS[device.platform],
        )
        await reader.close()


async def test_look_pins_the_host_key_and_keeps_the_configuration(watcher: Watcher) -> None:
    box = shell("vrp")
    async with serving(box) as port:
        device = replace(watcher.settings.inventory.devices["core-1"], ssh_port=port)
        first = await look(device, Eye.SSH, watcher, 0)
        assert first is not None
        assert (first.silence, first.is_news) == (None, True)
        again = await look(device, Eye.SSH, replace(watcher, clock=lambda: NOON + timedelta(minutes=15)), 0)
        times = len(box.asked)
        assert again is not None
        assert again.look is first.look  # nothing was due: no session for nothing
        later = await look(device, Eye.SSH, replace(watcher, clock=lambda: NOON + timedelta(hours=7)), 0)
        assert later is not None
        assert not later.is_news
        assert len(box.asked) > times
    async with serving(box) as other:
        changed = replace(device, ssh_port=other)
        refused = await look(changed, Eye.SSH, replace(watcher, clock=lambda: NOON + timedelta(hours=14)), 0)
        await look(changed, Eye.SSH, replace(watcher, clock=lambda: NOON + timedelta(hours=21)), 1)
    assert refused is not None
    assert (refused.silence, refused.silent_visits) == (Blind.WRONG_HOST_KEY, 1)
    with watcher.store.reading() as disk:
        (event,) = [each for each in parts.history(disk, ["core-1"], NOON) if each.what is Happened.KEY_CHANGED]
    assert event.data["known"] == fingerprint(first.look.pin)
    assert event.data["shown"] == fingerprint(refused.look.pin) != event.data["known"]
    assert event.data["known"].startswith("ssh-ed25519 SHA256:")
    assert happened(event, words(Language.EN), "Asia/Shanghai").startswith(
        f"SECURITY: over SSH it shows another key or certificate ({event.data['shown']})"
    )
    versions = watcher.configurations.versions(device)
    assert [each.number for each in versions] == [1]
    assert "sysname HQ-ACC-7" in versions[0].text
