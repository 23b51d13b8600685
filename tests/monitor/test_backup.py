"""A copy of all that the daemon knows: made beside it, checked, put back, and gone on with."""

import asyncio
import hashlib
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest
from click.testing import CliRunner, Result

from house import INVENTORY, NETVIGIL, House
from monitor import link_key, ticketing
from monitor.cli import netvigil
from monitor.duties import Duties
from monitor.metrics import Metrics
from monitor.model import Device, EventKind
from monitor.progress import Progress
from monitor.store import attachments, chain, letters, tickets
from monitor.store.configurations import Configurations
from monitor.store.database import FILE_NAME, Store

CORE = "hf-core-01"


def said(*words: str | Path) -> Result:
    return CliRunner().invoke(netvigil, ["backup", *map(str, words)])


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob(".netvigil*"))


@pytest.fixture
async def full(house: House) -> tuple[House, Path]:
    """A house with an open ticket, an attachment, a kept configuration and a key, and where its configuration is."""
    await house.visit(CORE)
    house.breakages["core-supply"].break_()
    await house.visit(CORE, times=2)
    state = house.store.directory
    link_key.made(state)
    with house.store.writing() as disk:
        attachments.kept(state, disk, b"what was seen", "text/plain", 1000, house.clock())
    device: Device = house.settings.inventory.devices[CORE]
    Configurations(state).keep(device, "sysname core\n", house.clock())
    config = state.parent / "only-config"
    config.mkdir()
    (config / "netvigil.toml").write_text(NETVIGIL.format(smtp=25).replace('"state"', f'"{state}"'))
    (config / "inventory.toml").write_text(INVENTORY)
    (config / "credential").write_text("canary")
    return house, config


def elsewhere(config: Path, state: Path) -> Path:
    """The same configuration for another state directory."""
    folder = config.parent / f"config-of-{state.name}"
    folder.mkdir()
    text = (config / "netvigil.toml").read_text()
    (folder / "netvigil.toml").write_text("\n".join(
        f'state = "{state}"' if line.startswith("state =") else line for line in text.splitlines()
    ))  # fmt: skip
    copyfile(config / "inventory.toml", folder / "inventory.toml")
    return folder


async def test_copy_is_made_while_the_daemon_writes_and_is_gone_on_with(
    full: tuple[House, Path], tmp_path: Path
) -> None:
    house, config = full
    (ticket,) = await house.store.ask(tickets.unclosed)
    writes = 0

    async def write() -> None:
        nonlocal writes
        while True:
            await house.store.do(
                lambda disk: ticketing.acted(
                    disk, ticket.id, EventKind.COMMENT, "wang", {"text": "x"}, house.settings, house.clock()
                )
            )
            writes += 1
            await asyncio.sleep(0)

    writing = asyncio.create_task(write())
    file = tmp_path / "copy.tar"
    made = await asyncio.to_thread(said, file, "--config", config)
    writing.cancel()
    assert made.exit_code == 0, made.output
    assert "whole" in made.output
    assert writes > 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"canary" not in file.read_bytes()
    assert drafts(tmp_path) == []

    state = tmp_path / "new"
    back = await asyncio.to_thread(said, "restore", file, "--config", elsewhere(config, state))
    assert back.exit_code == 0, back.output
    assert link_key.known(state) == link_key.known(house.store.directory) != b""
    assert next(iter(Configurations(state).versions(house.settings.inventory.devices[CORE]))).text == "sysname core\n"
    with Store(state, exclusive=True) as store:
        with store.reading() as disk:
            before = tickets.found(disk, ticket.id)
            assert chain.verified(disk).breaks == ()
            assert attachments.read(state, attachments.digests(disk)[0]) == b"what was seen"
        assert 1 <= len(before.events) <= len((await house.store.ask(tickets.unclosed))[0].events)
        duties = Duties(house.settings, store, Metrics("t"), Progress({}, house.clock()), house.clock)
        await duties.tick()
        await duties.finished()
        assert await store.ask(letters.counted) == {"accepted": 2}
        with store.writing() as disk:
            ticketing.acted(disk, ticket.id, EventKind.RESPONDED, "wang", {}, house.settings, house.clock())
            assert chain.verified(disk).breaks == ()


async def test_copy_goes_into_a_folder_under_the_name_of_its_moment(full: tuple[House, Path], tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    done = await asyncio.to_thread(said, "make", folder, "--config", full[1], "--json")
    told = json.loads(done.output)
    assert (done.exit_code, told["problems"]) == (0, [])
    (file,) = folder.iterdir()
    assert str(file) == told["file"]
    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert {"state/netvigil.sqlite3", "state/links.key", "config/netvigil.toml", "MANIFEST.json"} <= set(names)
    assert names[-1] == "MANIFEST.json"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20_000])


def _bit(file: Path) -> None:
    octets = bytearray(file.read_bytes())
    place = octets.index(b"what was seen")
    octets[place] ^= 1
    file.write_bytes(octets)


def _swapped(file: Path, name: str, change: Callable[[Path], object], folder: Path) -> None:
    """The copy with one file changed, and a list that fits again."""
    out = folder / "out"
    with tarfile.open(file) as tar:
        tar.extractall(out)  # noqa: S202 - of our own making; Python 3.11.2 knows no filter
    change(out / name)
    known = json.loads((out / "MANIFEST.json").read_text())
    if (out / name).exists():
        body = (out / name).read_bytes()
        known["files"][name] = {"octets": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    else:
        del known["files"][name]
    (out / "MANIFEST.json").write_text(json.dumps(known))
    with tarfile.open(file, "w") as tar:
        for member in (*sorted(known["files"]), "MANIFEST.json"):
            tar.add(out / member, member)


def _forged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as disk:
        for (name,) in disk.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            disk.execute(f"DROP TRIGGER {name}")
        disk.execute("UPDATE ticket_event SET by = 'nobody'")
        disk.commit()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as disk:
        disk.execute("UPDATE alembic_version SET version_num = '9999'")
        disk.commit()


async def test_copy_that_is_not_whole_is_told_and_not_put_back(full: tuple[House, Path], tmp_path: Path) -> None:
    house, config = full
    file = tmp_path / "copy.tar"
    assert (await asyncio.to_thread(said, file, "--config", config)).exit_code == 0
    with house.store.reading() as disk:
        (digest,) = attachments.digests(disk)
    database, attached = f"state/{FILE_NAME}", f"state/attachments/{digest[:2]}/{digest}"
    state = tmp_path / "new"
    folder = elsewhere(config, state)
    wrongs: dict[str, tuple[Callable[[Path], object], str]] = {
        "cut": (_cut, "cut off"),
        "bit": (_bit, "is not what it was"),
        "text": (lambda path: path.write_text("hello"), "is no backup"),
        "forged": (lambda path: _swapped(path, database, _forged, tmp_path / "forged"), "chain of ticket entries"),
        "newer": (lambda path: _swapped(path, database, _newer, tmp_path / "newer"), "newer Netvigil"),
        "torn": (
            lambda path: _swapped(path, database, lambda one: one.write_bytes(one.read_bytes()[:9000]), tmp_path / "t"),
            "damaged",
        ),
        "gone": (lambda path: _swapped(path, attached, Path.unlink, tmp_path / "gone"), "cannot be read"),
    }
    for name, (wrong, says) in wrongs.items():
        copyfile(file, tmp_path / "bad.tar")
        (tmp_path / name).mkdir()
        await asyncio.to_thread(wrong, tmp_path / "bad.tar")
        checked = await asyncio.to_thread(said, "check", tmp_path / "bad.tar")
        assert (checked.exit_code in {1, 2}, says in checked.output) == (True, True), (name, checked.output)
        back = await asyncio.to_thread(said, "restore", tmp_path / "bad.tar", "--config", folder)
        assert back.exit_code == 2, name
        assert not state.exists()


async def test_what_stands_in_the_way_is_said(full: tuple[House, Path], tmp_path: Path) -> None:
    house, config = full
    inside = await asyncio.to_thread(said, house.store.directory / "x.tar", "--config", config)
    assert (inside.exit_code, "lies in the state directory" in inside.output) == (2, True)
    file = tmp_path / "copy.tar"
    file.write_text("mine")
    there = await asyncio.to_thread(said, file, "--config", config)
    assert (there.exit_code, "not overwritten" in there.output, file.read_text()) == (2, True, "mine")
    nowhere = await asyncio.to_thread(said, tmp_path / "no" / "x.tar", "--config", config)
    assert (nowhere.exit_code, "No such file or directory" in nowhere.output) == (2, True)
    none = await asyncio.to_thread(said, tmp_path / "x.tar", "--config", elsewhere(config, tmp_path / "empty"))
    assert (none.exit_code, "there is no netvigil.sqlite3" in none.output) == (2, True)
    good = tmp_path / "good.tar"
    assert (await asyncio.to_thread(said, good, "--config", config)).exit_code == 0
    full_one = await asyncio.to_thread(said, "restore", good, "--config", config)
    assert (full_one.exit_code, "is not empty" in full_one.output) == (2, True)


def test_path_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    file = tmp_path / "evil.tar"
    with tarfile.open(file, "w") as tar:
        for name, kind in (
            ("../out", tarfile.REGTYPE),
            ("state/../../out", tarfile.REGTYPE),
            ("state/l", tarfile.SYMTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    checked = said("check", file)
    assert checked.exit_code == 2
    assert not (tmp_path / "out").exists()
