"""The text format of Prometheus (0.0.4): heads, labels and their escaping, for all that renders samples.

Used by series.py and series_ports.py.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.text import cleaned

LABEL_CAP = 200
"""The most characters of a label value; a longer one is cut and ends in a checksum, so that two parts stay two."""

Page = Mapping[str, bytes]
"""The samples of one device, by the name of their family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: what its HELP and TYPE lines say."""

    name: str
    says: str
    type: str = "gauge"

    @property
    def head(self) -> bytes:
        """The HELP and TYPE lines."""
        return f"# HELP {self.name} {self.says}\n# TYPE {self.name} {self.type}\n".encode()


def labelled(**values: str) -> str:
    """`values` as they stand between the braces of a sample."""
    return ",".join([f'{name}="{escaped(value)}"' for name, value in values.items()])


def escaped(text: str) -> str:
    """`text` as it stands between the quotes of a label: one clean line, capped, backslash and quote escaped."""
    if len(text) > LABEL_CAP:
        text = f"{text[:LABEL_CAP]}…{zlib.crc32(text.encode(errors='surrogatepass')):08x}"
    if not (text.isascii() and text.isprintable()):
        text = cleaned(text)
    return text.replace("\\", "\\\\").replace('"', '\\"')
