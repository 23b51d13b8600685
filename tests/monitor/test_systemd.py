"""The unit that is shipped, judged by systemd's own tools; nothing is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "netvigil.service"


def said(*command: str) -> str:
    """What the tool says, on either stream; the test fails where it ends badly."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed (Debian: systemd)")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_unit_is_hardened() -> None:
    report = said("systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT))
    exposure = re.search(r"Overall exposure level for netvigil.service: ([\d.]+)", report)
    assert exposure is not None
    assert float(exposure[1]) <= 1.5


def test_unit_is_understood_without_a_warning(tmp_path: Path) -> None:
    copy = tmp_path / "netvigil.service"
    there = UNIT.read_text(encoding="utf-8").replace("/opt/netvigil/.venv/bin/netvigil", "/bin/true")
    copy.write_text(there, encoding="utf-8")
    assert said("systemd-analyze", "verify", "--man=no", str(copy)) == ""


def test_user_of_the_unit_is_the_one_that_sysusers_makes(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    said("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "sysusers.conf"))
    user = re.search(r"^User=(.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert user is not None
    assert f"{user[1]}:" in (tmp_path / "etc" / "passwd").read_text(encoding="utf-8")


def test_folders_of_the_configuration_are_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    said("systemd-sysusers", f"--root={tmp_path}", str(SYSTEMD / "sysusers.conf"))
    said("systemd-tmpfiles", "--create", f"--root={tmp_path}", str(SYSTEMD / "tmpfiles.conf"))
    assert (tmp_path / "etc/netvigil").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "etc/netvigil/credentials").stat().st_mode & 0o777 == 0o700


def test_unit_keeps_the_promises_that_the_documents_make() -> None:
    unit = UNIT.read_text(encoding="utf-8").splitlines()
    for line in ("Type=notify", "WatchdogSec=90", "TimeoutStopSec=10", "StateDirectory=netvigil", "User=netvigil"):
        assert line in unit


@pytest.mark.parametrize("name", ["netvigil-traps.socket", "netvigil-syslog.socket"])
def test_sockets_are_understood_without_a_warning(tmp_path: Path, name: str) -> None:
    for unit in (UNIT, SYSTEMD / name):
        there = unit.read_text(encoding="utf-8").replace("/opt/netvigil/.venv/bin/netvigil", "/bin/true")
        (tmp_path / unit.name).write_text(there, encoding="utf-8")
    assert said("systemd-analyze", "verify", "--man=no", str(tmp_path / name)) == ""
