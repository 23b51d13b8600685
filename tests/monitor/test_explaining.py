"""How a sceptic asks the device what the daemon asked it: with the same user and level, and no secret on the page."""

import pytest

from collectors.snmp.reader import AuthProtocol, Community, Credential, PrivProtocol, User
from monitor.credentials import options

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
