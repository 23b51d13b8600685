"""Word documents and workbooks are zip files: here they are packed so that the same content gives the same bytes."""

import io
import zipfile
from collections.abc import Iterable, Mapping

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file can say
Content = bytes | Iterable[bytes]


def steady(raw: bytes, instead: Mapping[str, Content] = {}) -> bytes:
    """The zip file `raw` without the times at which its files were written, and with some files of other content."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = instead[name] if name in instead else old.read(name)
            with new.open(_entry(name), "w", force_zip64=False) as file:
                for part in (content,) if isinstance(content, bytes) else content:
                    file.write(part)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, on whichever system it is made
    entry.external_attr = 0o644 << 16
    return entry


def unpacked_size(raw: bytes) -> int:
    """How many bytes the files in the zip file say they unpack to. Raises zipfile.BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        return sum(each.file_size for each in packed.infolist())
