"""What must not leave the house in a recording: secrets always, addresses and names on request (disguise.py).

All that a recorder writes passes here. Lengths of masked values stay where something else may count on them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from collectors.cli.configuration import MASK, masked
from collectors.record.disguise import Disguise

_SHORTEST: Final = 4
"""Characters: a shorter secret stands in half of all words, and would take them along."""
_LONG: Final = 8  # such a secret is masked inside of words, too
_BLOCK: Final = re.compile(
    r"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
# crypt(3) hashes, ciphers of the makers' command lines, and passwords inside of a URL
_CIPHERS: Final = re.compile(
    r"\$(?:[ch156]|2[aby]|[ch]\$\d+|1[a-z])\$[\w./+=$-]{8,}|(%\^%#|%@%@|%\$%\$|@%@%|%\+%#|%#%#)(?:(?!\1).)+\1"
    r"|(?<=://)[^/\s:@]+:[^@\s/]+(?=@)"
)
_SECRET_KEY: Final = re.compile(
    r"password|passwd|passphrase|pass_?code|secret|token|community|private_?key|ipmi_?key|v3_?key|(?:auth|priv|encryption"
    r"|authentication|preshared|shared|license|licence|session|api)_?key|salt|credential|httpheaders|cookie"
    r"|user_?names?$|(?:^|[^a-z])hash$|passwordhash",
    re.IGNORECASE,
)
_KEPT: Final = frozenset({"", MASK})


class Mask:
    """Takes out secrets, and what `disguise` takes out. `counts` says how often what was taken, never what it was."""

    def __init__(self, secrets: Iterable[str], disguise: Disguise | None = None) -> None:
        """`secrets` are what we got in with: communities, keys, users and passwords."""
        told = sorted({each for each in secrets if each}, key=len, reverse=True)
        self.too_short = sum(len(each) < _SHORTEST for each in told)
        self.counts: Counter[str] = Counter()
        self.disguise = disguise
        words = [each for each in told if len(each) >= _SHORTEST]
        self._known = _any_of(words)
        # as an index of SNMP has them: octet by octet
        self._spelt = ["." + ".".join(map(str, each.encode())) for each in words]
        self._known_octets = _any_of([each.encode().decode("latin-1") for each in words])

    def text(self, said: str, *, version: bool = False) -> str:
        """Free text without secrets. `version`: what looks like an address there is none."""
        found = self._plain(said, self._known)
        if self.disguise is not None:
            found = self.disguise.text(found, self.counts, version=version)
        return found

    def octets(self, raw: bytes) -> bytes:
        """The same of octets, which may be text in any encoding; as long as they were."""
        said = raw.decode("latin-1")
        found = self._plain(said, self._known_octets)
        return raw if found == said else found.encode("latin-1")

    def is_named(self, oid: str) -> bool:
        """True where one of the secrets is spelt out in the index of a row."""
        found = any(each in oid for each in self._spelt)
        self.counts["secrets"] += found
        return found

    def output(self, said: str) -> str:
        """What a command printed, without secrets."""
        hidden = masked(said)
        before, after = said.count(MASK), hidden.count(MASK)
        self.counts["secrets"] += max(0, after - before)
        return self.text(hidden)

    def document(self, told: Any, key: str = "") -> Any:
        """A JSON document without secrets: what stands under a word such as "Password", wherever it is."""
        if isinstance(told, dict):
            return {name: self.document(value, name) for name, value in told.items()}
        if isinstance(told, list):
            return [self.document(value, key) for value in told]
        if not isinstance(told, str) or "@odata." in key:
            return told
        if told not in _KEPT and _SECRET_KEY.search(key):
            self.counts["secrets"] += 1
            return MASK
        if self.disguise is not None:
            return self.disguise.value(key, self._plain(told, self._known), self.counts)
        return self._plain(told, self._known)

    def _plain(self, said: str, known: re.Pattern[str] | None) -> str:
        if known is not None:
            said = known.sub(self._starred, said)
        if "-----BEGIN" in said:
            said = _BLOCK.sub(self._block, said)
        return _CIPHERS.sub(self._starred, said) if "$" in said or "%" in said or "@" in said else said

    def _starred(self, match: re.Match[str]) -> str:
        self.counts["secrets"] += 1
        return "*" * len(match[0])

    def _block(self, match: re.Match[str]) -> str:
        self.counts["secrets"] += 1
        return match[1] + "*" * (len(match[0]) - len(match[1]) - len(match[2])) + match[2]


def _any_of(words: list[str]) -> re.Pattern[str] | None:
    several = [re.escape(each) if len(each) >= _LONG else rf"(?<!\w){re.escape(each)}(?!\w)" for each in words]
    return re.compile("|".join(several)) if several else None
