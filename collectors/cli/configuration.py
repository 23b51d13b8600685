"""A device's configuration: whether it is whole, without its secrets, and whether what runs is what is saved.

Ciphers are salted anew at each display, so only masked texts are compared and kept. Secrets never leave this module.
"""

import re
from collections.abc import Sequence

MASK = "******"
SAVED = "display saved-configuration"
_WHOLE = "return"
"""Both makers end a configuration with it; without it the text was cut."""
_LEAST = 5
"""Lines of the smallest configuration that is one: a version, a name, something, and the end."""

# Comments that say when it was last changed or saved, and by whom (VRP 8, YunShan OS)
_VOLATILE = re.compile(r"^\s*[!#]\s*(?:Last configuration was|.*\b(?:updated|saved) at\b)", re.IGNORECASE)
_HOW = (
    r"(?:cipher|simple|plain|plaintext|hash|irreversible-cipher|encrypted|md5|sha\S*|hmac-\S+|aes\S*|des\S*|3des|"
    r"read|write|level\s+\d+|address\s+\S+|hostname\s+\S+|authentication|accounting|authorization|keychain|\d{1,3})"
)
_SECRETS = (
    # what is between two marks of VRP, or begins with one of Comware: ciphers wherever they stand
    (re.compile(r"(%\^%#|%@%@|%\$%\$|@%@%|%\+%#|%#%#|!!!|\$@\$@)(?:(?!\1).)+\1"), MASK),
    (re.compile(r"\$(?:[ch]\$\d+|1[a-z])\$\S+"), MASK),
    # any word behind a word that says that a secret follows
    (
        re.compile(r"\b((?:irreversible-)?cipher|simple|plaintext|hash)(\s+)(?!authentication|\*{6})(\S+)"),
        rf"\1\2{MASK}",
    ),
    (
        re.compile(
            r"(?<![-\w])(password|passwd|secret|shared-key|key-string|pre-shared-key|preshared-key|pass-phrase|psk|"
            r"wep-key|sec-key|auth-key|authentication-key|encryption-key|community|securityname|cak|sha-key|md5-key)"
            rf"((?:\s+{_HOW})*)(\s+)(?!{_HOW}(?:\s|$)|\*{{6}}|recovery\b|policy\b|expire\b|length\b|history\b)(\S+)"
        ),
        rf"\1\2\3{MASK}",
    ),
    # snmp-agent usm-user …, ntp-service authentication-keyid …, ospf, isis and vrrp: mode, algorithm, (number,) key
    (
        re.compile(
            r"\b((?:authentication|privacy|encryption)-mode\s+(?:hmac-)?(?:md5|sha\S*|aes\S*|des\S*|3des\S*|simple)"
            r"(?:\s+\d{1,3}(?=\s))?)((?:\s+(?:cipher|simple|plain))?)(\s+)(?!privacy-mode|cipher\b|simple\b|\*{6})(\S+)"
        ),
        rf"\1\2\3{MASK}",
    ),
    (
        re.compile(
            r"\b(key(?:\s+(?:authentication|accounting|authorization))?)(\s+)(?!\*{6})(?:(cipher|simple)\s+)?(\S{8,})$"
        ),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"(//[^/\s:@]+:)[^@\s]+(?=@)"), rf"\1{MASK}"),
)


_TELNET = re.compile(r"telnet (?:ipv6 )?server enable\b")
# VRP "snmp-agent community read public"; Comware the same, or "… read simple public"; "cipher …" is a cipher on both
_COMMUNITY = re.compile(r"snmp-agent community (?:read|write) (?!cipher\b)(?:simple )?(\S+)")
_CIPHERS = ("%", "$", "@", "!!!")
_WELL_KNOWN = frozenset({"public", "private", "security", "community", "password", "switch123", "12345678"})
_SHORT = 8
"""Characters: what VRP and Comware ask for themselves where they check the complexity of a community."""


def is_whole(text: str) -> bool:
    """True where `text` is a configuration that came to its end."""
    told = [line for line in text.split("\n") if line.strip()]
    return len(told) >= _LEAST and told[-1].strip() == _WHOLE


def masked(text: str) -> str:
    """`text` without secrets, and without the lines that say when it was written."""
    return "\n".join(_masked(line) for line in text.split("\n") if not _VOLATILE.match(line)) + "\n"


def _masked(line: str) -> str:
    for secret, hidden in _SECRETS:
        line = secret.sub(hidden, line)
    return line


def open_doors(text: str) -> str:
    """What in the whole configuration `text` lets people in too easily: "telnet", "community", both, or "none".

    "community" is an SNMP community that stands there in the clear and is well known or short. What is kept as a cipher
    cannot be judged.
    """
    statements = _statements(text)
    found = []
    if any(_TELNET.match(line) for line in statements):
        found.append("telnet")
    words = (match[1] for line in statements if (match := _COMMUNITY.match(line)))
    if any(word.lower() in _WELL_KNOWN or len(word) < _SHORT for word in words if not word.startswith(_CIPHERS)):
        found.append("community")
    return ", ".join(found) or "none"


def same(running: str, saved: str) -> bool:
    """True where two masked configurations say the same, whatever comments and blanks stand between."""
    return _statements(running) == _statements(saved)


def _statements(text: str) -> Sequence[str]:
    return [line.strip() for line in text.split("\n") if line.strip() and line.strip()[0] not in "#!"]
