"""How a sceptic asks the device what the daemon asked it: with the same user and level, and no secret on the page.

And that letters say how a fault was judged, in few lines.
"""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from alerts.faults.explained import IN_LETTER
from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from house import House
from monitor import explaining
from monitor.credentials import options
from monitor.model import Fault
from monitor.store import faults, letters

AUTH, PRIV, NAME = "auth-of-ours-1", "priv-of-ours-1", "community-of-ours"


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        (Community(community=NAME), "-v2c -c COMMUNITY"),
        (User(user="nv"), "-v3 -l noAuthNoPriv -u nv"),
        (
            User(user="nv", auth=AuthProtocol.SHA1, auth_key=AUTH),
            "-v3 -l authNoPriv -u nv -a SHA -A AUTH-PASSWORD",
        ),
        (
            User(user="nv x", auth=AuthProtocol.SHA256, auth_key=AUTH, priv=PrivProtocol.AES128, priv_key=PRIV),
            "-v3 -l authPriv -u 'nv x' -a SHA-256 -A AUTH-PASSWORD -x AES -X PRIV-PASSWORD",
        ),
        (
            User(user="nv", auth=AuthProtocol.MD5, auth_key=AUTH, priv=PrivProtocol.DES, priv_key=PRIV, context="vrf"),
            "-v3 -l authPriv -u nv -a MD5 -A AUTH-PASSWORD -x DES -X PRIV-PASSWORD -n vrf",
        ),
    ],
)
def test_a_device_is_asked_by_hand_as_the_daemon_asks_it(credential: Credential, said: str) -> None:
    assert options(credential) == said


@pytest.mark.parametrize("auth", AuthProtocol)
@pytest.mark.parametrize("priv", PrivProtocol)
def test_no_secret_is_ever_told(auth: AuthProtocol, priv: PrivProtocol) -> None:
    told = options(User(user="nv", auth=auth, auth_key=AUTH, priv=priv, priv_key=PRIV))
    assert AUTH not in told
    assert PRIV not in told
    assert NAME not in options(Community(community=NAME))


async def broken(house: House) -> Fault:
    """A supply of the core switch is broken, and told."""
    await house.visit("hf-core-01", 2)
    house.breakages["core-supply"].break_()
    await house.visit("hf-core-01", 5)
    (fault,) = await house.store.ask(faults.open_faults)
    return fault


async def test_a_letter_says_how_the_fault_was_judged_and_what_to_ask_the_device(house: House) -> None:
    fault = await broken(house)
    first, chinese = (posted.letter for posted in await house.store.ask(letters.all_letters))
    if first.language != "en":
        first, chinese = chinese, first
    _, heading, judged = first.text.partition(f"How it was judged (netvigil explain {fault.id})\n")
    assert heading
    lines = judged.partition("\n\n")[0].splitlines()
    assert lines[0].startswith(f"  Rule: {fault.reasons[0].rule} (fits if ")
    assert any(line.startswith("  To check: snmpget ") and line.endswith(fault.evidence.source) for line in lines)
    assert {line.partition(":")[0].strip() for line in lines} >= {"Confirmed by", "It is over", "Other level"}
    assert len(lines) <= 10  # a telephone
    for line in lines:
        assert line.partition(": ")[2].split("; or ")[0].split()[0] in first.html
    assert f"判定依据（netvigil explain {fault.id}）" in chinese.text
    assert "核对方法：snmpget" in chinese.text


async def test_a_letter_names_few_symptoms_and_counts_the_rest(house: House) -> None:
    cause = await broken(house)

    def beneath(disk: Connection) -> None:
        for number in range(20):
            key = replace(cause.key, device=f"acc-{number:02}")
            faults.saved(disk, replace(cause, id=0, key=key, hidden_by=cause.key))
        for key in (replace(cause.key, device="other"), replace(cause.key, label="another")):
            faults.saved(disk, replace(cause, id=0, key=replace(key, aspect="else"), hidden_by=key))

    await house.store.do(beneath)
    with house.store.reading() as disk:
        context = explaining.judged(disk, cause, house.settings)
        whole = explaining.context(disk, cause, house.settings, house.clock())
    assert [one.key.device for one in context.symptoms] == ["acc-00", "acc-01", "acc-02"]
    assert (len(context.symptoms), context.more) == (IN_LETTER, 17)
    assert (len(whole.symptoms), whole.more) == (20, 0)
