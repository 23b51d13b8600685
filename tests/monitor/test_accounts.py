"""Accounts: one-time passwords, sessions, tries that are too many; over a real disk."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from house import House
from monitor import accounts
from monitor.accounts import Throttle
from monitor.model import Language
from monitor.store import accounts as kept
from monitor.store.accounts import AccountRole, NoSuchAccountError
from monitor.store.database import FILE_NAME

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_first_start_makes_one_admin_whose_password_only_its_owner_may_read(house: House, tmp_path: Path) -> None:
    path = await house.store.do(lambda disk: accounts.first_made(disk, tmp_path, NOON))
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (admin,) = await house.store.ask(kept.every)
    assert (admin.name, admin.role, admin.must_change) == ("admin", AccountRole.ADMIN, True)
    assert accounts.is_right(admin, path.read_text().strip())
    assert await house.store.do(lambda disk: accounts.first_made(disk, tmp_path, NOON)) is None


async def test_disk_holds_neither_a_password_nor_a_cookie(house: House) -> None:
    def work(disk: Connection) -> str:
        _, password = accounts.made(disk, "li", "李", AccountRole.ENGINEER, Language.ZH_CN, NOON)
        kept.began(disk, accounts.digest("the-cookie"), "li", NOON, NOON + HOUR)
        return password

    password = await house.store.do(work)
    raw = b"".join(path.read_bytes() for path in house.settings.daemon.state.glob(f"{FILE_NAME}*"))
    assert b"$argon2id$" in raw
    assert password.encode() not in raw
    assert b"the-cookie" not in raw


async def test_session_counts_until_it_is_over_or_its_account_is_shut(house: House) -> None:
    with house.store.writing() as disk:
        accounts.made(disk, "li", "", AccountRole.VIEWER, None, NOON)
        kept.began(disk, "d1", "li", NOON, NOON + HOUR)
        found = kept.of_session(disk, "d1", NOON)
        assert found is not None
        assert found[0].name == "li"
        assert kept.of_session(disk, "d1", NOON + HOUR) is None
        assert kept.of_session(disk, "other", NOON) is None
        kept.disabled(disk, "li", disabled=True)
        kept.disabled(disk, "li", disabled=False)
        assert kept.of_session(disk, "d1", NOON) is None


async def test_new_password_ends_all_sessions(house: House) -> None:
    with house.store.writing() as disk:
        accounts.made(disk, "li", "", AccountRole.ENGINEER, None, NOON)
        kept.began(disk, "d1", "li", NOON, NOON + HOUR)
        kept.password_set(disk, "li", accounts.hashed("a new password"), must_change=False)
        assert kept.of_session(disk, "d1", NOON) is None
        assert accounts.is_right(kept.found(disk, "li"), "a new password")
        with pytest.raises(NoSuchAccountError):
            kept.password_set(disk, "nobody", "x", must_change=False)


async def test_account_is_not_made_twice_nor_under_a_name_that_is_none(house: House) -> None:
    with house.store.writing() as disk:
        accounts.made(disk, "li", "", AccountRole.ENGINEER, None, NOON)
        for name in ("li", "", "Li", "li\n", "<b>"):
            with pytest.raises(ValueError, match="account"):
                accounts.made(disk, name, "", AccountRole.ENGINEER, None, NOON)


async def test_wrong_password_and_shut_account_and_nobody_are_all_refused(house: House) -> None:
    with house.store.writing() as disk:
        _, password = accounts.made(disk, "li", "", AccountRole.ENGINEER, None, NOON)
        assert not accounts.is_right(kept.found(disk, "li"), "wrong")
        kept.disabled(disk, "li", disabled=True)
        assert not accounts.is_right(kept.found(disk, "li"), password)
    assert not accounts.is_right(None, password)


def test_five_wrong_tries_shut_the_door_for_that_address_and_not_for_the_owner() -> None:
    throttle = Throttle()
    for _ in range(5):
        assert not throttle.is_shut("li", "192.0.2.1", NOON)
        throttle.failed("li", "192.0.2.1", NOON)
    assert throttle.is_shut("li", "192.0.2.1", NOON)
    assert not throttle.is_shut("li", "192.0.2.2", NOON)
    assert not throttle.is_shut("li", "192.0.2.1", NOON + HOUR)


def test_address_that_tries_many_names_is_shut_out_and_little_is_remembered() -> None:
    throttle = Throttle(remembered=100)
    for number in range(300):
        throttle.failed(f"name{number}", "192.0.2.1", NOON)
    assert throttle.is_shut("admin", "192.0.2.1", NOON)
    assert len(throttle._failed) <= 100  # noqa: SLF001 - that nothing grows for ever shows nowhere else


@pytest.mark.parametrize(
    ("new", "again", "old", "why"),
    [
        ("long enough now", "long enough now", "old", ""),
        ("long enough now", "long enough new", "old", "password_differs"),
        ("short", "short", "old", "password_length"),
        ("x" * 201, "x" * 201, "old", "password_length"),
        ("the same as old", "the same as old", "the same as old", "password_same"),
    ],
)
def test_password_that_cannot_be_is_refused_with_the_reason(new: str, again: str, old: str, why: str) -> None:
    assert accounts.refusal(new, again, old) == why
