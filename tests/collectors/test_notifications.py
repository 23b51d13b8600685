"""Traps and informs, as simulated devices and PySNMP send them, and as they should not be."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.notifications import Notifications, Refusal
from collectors.simulate.shouting import trap, trap_v1
from collectors.simulate.snmp import SimulatedDevice
from collectors.simulate.values import Typed
from collectors.snmp.codec import Kind
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from monitor.store import senders
from monitor.store.database import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

SUPPLY = "1.3.6.1.4.1.2011.5.25.219.2.5.1"
NAMED: dict[str, Typed | int | bytes | str] = {"1.3.6.1.2.1.47.1.1.1.1.7.5": "电源 1", "1.3.6.1.2.1.47.1.1.1.1.1.5": 5}
TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"
COMMUNITY = Community(community="campus")
USER = User(
    user="netvigil",
    auth=AuthProtocol.SHA256,
    auth_key="a-good-secret",
    priv=PrivProtocol.AES128,
    priv_key="another-one",
)
OTHER = replace(USER, auth_key="not-the-same-secret")


@pytest.fixture
async def notifications() -> AsyncIterator[Notifications]:
    opener = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7)
    yield opener
    opener.close()


def sent(credential: Credential, now: float = 1000.0, *, inform: bool = False, boots: int = 3) -> bytes:
    device = SimulatedDevice(credentials=[credential])
    device.boots = boots
    return trap(device, credential, SUPPLY, NAMED, now, inform=inform)


@pytest.mark.parametrize("credential", [COMMUNITY, USER, *(replace(USER, auth=auth) for auth in AuthProtocol)])
async def test_a_trap_is_opened_with_its_bindings(notifications: Notifications, credential: Credential) -> None:
    opened = notifications.opened(sent(credential), "192.0.2.1", [OTHER, credential])
    assert opened.shout is not None, opened
    assert opened.shout.trap == SUPPLY
    assert opened.shout.values["1.3.6.1.2.1.47.1.1.1.1.7.5"] == "电源 1"
    assert opened.replies == ()


@pytest.mark.parametrize("priv", PrivProtocol)
async def test_every_cipher_is_read(notifications: Notifications, priv: PrivProtocol) -> None:
    user = replace(USER, priv=priv)
    assert notifications.opened(sent(user), "192.0.2.1", [user]).shout is not None


async def test_an_inform_of_v2c_is_acknowledged(notifications: Notifications) -> None:
    opened = notifications.opened(sent(COMMUNITY, inform=True), "192.0.2.1", [COMMUNITY])
    assert opened.shout is not None
    assert len(opened.replies) == 1
    assert opened.replies[0][:2] != b""


@pytest.mark.parametrize(
    ("datagram", "refusal"),
    [
        (sent(Community(community="guess")), Refusal.WRONG_COMMUNITY),
        (sent(OTHER), Refusal.WRONG_KEY),
        (sent(replace(USER, priv=None)), Refusal.WRONG_LEVEL),
        (sent(replace(USER, auth=None, priv=None)), Refusal.WRONG_LEVEL),
        (sent(replace(USER, user="nobody")), Refusal.WRONG_USER),
        (sent(USER)[:-3], Refusal.MALFORMED),
        (b"", Refusal.MALFORMED),
        (b"\x30\x82\xff\xff\x02", Refusal.MALFORMED),
    ],
)
async def test_what_is_not_right_has_its_reason(
    notifications: Notifications, datagram: bytes, refusal: Refusal
) -> None:
    opened = notifications.opened(datagram, "192.0.2.1", [COMMUNITY, USER])
    assert (opened.shout, opened.refusal) == (None, refusal)


async def test_a_trap_that_was_heard_is_not_heard_again(notifications: Notifications) -> None:
    datagram = sent(USER)
    assert notifications.opened(datagram, "192.0.2.1", [USER]).shout is not None
    assert notifications.opened(datagram, "192.0.2.1", [USER]).refusal is Refusal.REPLAYED
    assert notifications.opened(datagram, "198.51.100.7", [USER]).refusal is Refusal.REPLAYED


async def test_a_trap_of_long_ago_or_of_an_earlier_boot_is_not_heard(notifications: Notifications) -> None:
    assert notifications.opened(sent(USER, 1000), "192.0.2.1", [USER]).shout is not None
    assert notifications.opened(sent(USER, 900), "192.0.2.1", [USER]).shout is not None  # late, within the window
    assert notifications.opened(sent(USER, 840), "192.0.2.1", [USER]).refusal is Refusal.REPLAYED
    assert notifications.opened(sent(USER, 5000, boots=2), "192.0.2.1", [USER]).refusal is Refusal.REPLAYED
    assert notifications.opened(sent(USER, 10, boots=4), "192.0.2.1", [USER]).shout is not None  # it was started anew


async def test_a_trap_of_before_a_restart_is_not_heard_again(notifications: Notifications, tmp_path: Path) -> None:
    assert notifications.opened(sent(USER, 1000), "192.0.2.1", [USER]).shout is not None
    with Store(tmp_path) as store:
        with store.writing() as disk:
            senders.saved(disk, notifications.clocks(), NOW)
            assert notifications.clocks() == {}, "told once"
        with store.reading() as disk:
            known = senders.known(disk)
        with store.writing() as disk:
            senders.forgotten(disk, NOW + timedelta(seconds=1))
            assert senders.known(disk) == {}
    anew = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 8)
    anew.remember(known)
    assert anew.opened(sent(USER, 1000), "192.0.2.1", [USER]).refusal is Refusal.REPLAYED
    assert anew.opened(sent(USER, 990), "192.0.2.1", [USER]).refusal is Refusal.REPLAYED
    assert anew.opened(sent(USER, 1003), "192.0.2.1", [USER]).shout is not None
    assert anew.opened(sent(USER, 2, boots=4), "192.0.2.1", [USER]).shout is not None
    assert list(anew.clocks().values()) == [(4, 2)]
    anew.close()


POWER = "1.3.6.1.4.1.2011.5.25.219.2.5"
SPECIFIC = trap_v1(COMMUNITY, POWER, 5, NAMED, agent="192.0.2.77")


@pytest.mark.parametrize(
    ("datagram", "name", "about"),
    [
        (SPECIFIC, f"{POWER}.0.5", "192.0.2.77"),
        (trap_v1(COMMUNITY, POWER, 5, NAMED), f"{POWER}.0.5", ""),
        *(
            (trap_v1(COMMUNITY, "1.3.6.1.4.1.2011.2.23.735", 0, NAMED, generic=n), f"1.3.6.1.6.3.1.1.5.{n + 1}", "")
            for n in range(6)
        ),
        (  # what a proxy wrote besides stands before the address of the agent
            trap_v1(COMMUNITY, POWER, 5, {TRAP_ADDRESS: (Kind.IP_ADDRESS, "192.0.2.78")}, agent="192.0.2.77"),
            f"{POWER}.0.5",
            "192.0.2.78",
        ),
    ],
)
async def test_a_trap_of_v1_has_the_name_and_the_address_that_it_has_in_v2(
    notifications: Notifications, datagram: bytes, name: str, about: str
) -> None:
    opened = notifications.opened(datagram, "192.0.2.1", [USER, COMMUNITY])
    assert opened.shout is not None, opened
    assert (opened.shout.trap, opened.shout.about, opened.shout.source) == (name, about, "192.0.2.1")
    assert opened.replies == ()


async def test_a_trap_of_v1_brings_its_bindings_and_the_name_without_a_zero(notifications: Notifications) -> None:
    shout = notifications.opened(SPECIFIC, "192.0.2.1", [COMMUNITY]).shout
    assert shout is not None
    assert shout.values["1.3.6.1.2.1.47.1.1.1.1.7.5"] == "电源 1"
    assert shout.either == f"{POWER}.5"


@pytest.mark.parametrize(
    ("datagram", "credentials", "refusal"),
    [
        (SPECIFIC, [Community(community="guess")], Refusal.WRONG_COMMUNITY),
        (SPECIFIC, [USER], Refusal.WRONG_COMMUNITY),  # only who has a community is spoken to without keys
        (SPECIFIC, [], Refusal.WRONG_COMMUNITY),
        (SPECIFIC[:-3], [COMMUNITY], Refusal.MALFORMED),
        (SPECIFIC + b"\0", [COMMUNITY], Refusal.MALFORMED),
        (SPECIFIC.replace(b"\xa4", b"\xa0", 1), [COMMUNITY], Refusal.MALFORMED),  # a question, not a trap
        (SPECIFIC.replace(b"\x02\x01\x06", b"\x02\x01\x07", 1), [COMMUNITY], Refusal.MALFORMED),
    ],
)
async def test_a_trap_of_v1_that_is_not_right_has_its_reason(
    notifications: Notifications, datagram: bytes, credentials: list[Credential], refusal: Refusal
) -> None:
    opened = notifications.opened(datagram, "192.0.2.1", credentials)
    assert (opened.shout, opened.refusal) == (None, refusal)


@given(st.data())
def test_no_changed_octet_of_a_trap_of_v1_raises(data: st.DataObject) -> None:
    datagram = bytearray(SPECIFIC)
    at = data.draw(st.integers(0, len(datagram) - 1))
    datagram[at] ^= data.draw(st.integers(1, 255))
    opened = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7).opened(bytes(datagram), "192.0.2.1", [COMMUNITY])
    assert (opened.shout is None) == (opened.refusal is not None)


@given(st.binary(max_size=300))
def test_no_bytes_raise(junk: bytes) -> None:
    opener = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7)
    assert opener.opened(junk, "192.0.2.1", [COMMUNITY]).shout is None


WHOLE = sent(USER)  # once: its counters grow from trap to trap, and with them its length


@given(st.data())
def test_no_changed_octet_of_a_trap_raises_or_brings_another_word(data: st.DataObject) -> None:
    datagram = bytearray(WHOLE)
    at = data.draw(st.integers(0, len(datagram) - 1))
    datagram[at] ^= data.draw(st.integers(1, 255))
    opened = Notifications(b"\x80\x00\x1f\x88\x04netvigil", 7).opened(bytes(datagram), "192.0.2.1", [])
    assert opened.shout is None


async def test_an_octet_changed_on_the_way_is_never_heard(notifications: Notifications) -> None:
    datagram = sent(USER)
    for at in range(len(datagram)):
        changed = bytearray(datagram)
        changed[at] ^= 0x55
        assert notifications.opened(bytes(changed), "192.0.2.1", [USER]).shout is None, at
