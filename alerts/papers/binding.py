"""Long PDFs are set in parts and bound together here: the pages of the parts go under those of a frame.

The frame is a PDF of typst as well, with cover, contents, bookmarks, header and footer of every page, and empty pages
where the parts belong; each page of a part becomes a drawing on one of them. So the frame stays as typst made it, and
with it PDF/A. What typst writes is simple (one table of references, no compressed objects; krilla), and only that is
read here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


class BindingError(Exception):
    """This PDF is not as typst writes them."""


@dataclass(frozen=True, slots=True)
class _Pdf:
    objects: dict[int, bytes]
    root: int
    info: int

    def named(self, key: bytes, content: bytes) -> int:
        """The object that `key` refers to."""
        found = re.search(rb"/%s (\d+) 0 R" % key, content)
        if found is None:
            raise BindingError(f"no {key.decode()} in {content[:60]!r}")
        return int(found[1])

    def pages(self) -> list[int]:
        """The pages in order."""
        waiting, found = [self.named(b"Pages", self.objects[self.root])], []
        while waiting:
            number = waiting.pop(0)
            content = self.objects[number]
            if b"/Type/Pages" in content:
                kids = re.search(rb"/Kids ?\[([^\]]*)\]", content)
                waiting = [int(each) for each in re.findall(rb"(\d+) 0 R", kids[1] if kids else b"")] + waiting
            else:
                found.append(number)
        return found


def page_count(raw: bytes) -> int:
    """How many pages a PDF of typst has."""
    return len(_read(raw).pages())


def bound(frame: bytes, first: int, parts: Sequence[bytes]) -> bytes:
    """The frame, with the pages of all parts on its pages from number `first` (counted from 0) on."""
    whole = _read(frame)
    objects = dict(whole.objects)
    under = iter(whole.pages()[first:])
    for part in parts:
        one = _read(part)
        moved: dict[int, int] = {}
        for page in one.pages():
            drawing = _drawing(one, page, objects, moved)
            at = next(under, None)
            if at is None:
                raise BindingError("the parts have more pages than the frame")
            _place(objects, at, drawing)
    if next(under, None) is not None:
        raise BindingError("the frame has more pages than the parts")
    return _written(objects, whole.root, whole.info)


def _read(raw: bytes) -> _Pdf:
    try:
        start = int(raw[raw.rindex(b"startxref") + 9 :].split()[0])
        count = int(raw[start : start + 40].split()[2])
        table = raw.index(b"0000000000 65535 f", start)
        entries = [raw[table + 20 * at : table + 20 * at + 10] for at in range(1, count)]
        offsets = [*(int(each) for each in entries), start]
    except (ValueError, IndexError) as error:
        raise BindingError(f"no table of references that can be read: {error}") from error
    ends = dict(zip(sorted(offsets), [*sorted(offsets)[1:], 0], strict=True))
    objects = {}
    for number, offset in enumerate(offsets[:-1], start=1):
        lump = raw[offset : ends[offset]]
        head = b"%d 0 obj\n" % number
        if not lump.startswith(head):
            raise BindingError(f"object {number} is not where it should be")
        objects[number] = lump[len(head) : lump.rindex(b"endobj")].rstrip(b"\n")
    trailer = raw[raw.rindex(b"trailer") :]
    pdf = _Pdf(objects, 0, 0)
    return _Pdf(objects, pdf.named(b"Root", trailer), pdf.named(b"Info", trailer))


def _split(content: bytes) -> tuple[bytes, bytes]:
    """The dictionary of an object, and the stream behind it."""
    head, found, stream = content.partition(b"\nstream\n")
    return head, found + stream


def _drawing(one: _Pdf, page: int, objects: dict[int, bytes], moved: dict[int, int]) -> int:
    """A page as a form (ISO 32000, 8.10) among `objects`, with all that it refers to."""
    content = one.objects[page]
    box = re.search(rb"/MediaBox(\[[^\]]*\])", content)
    if box is None:
        raise BindingError("a page without size")
    resources = _moved(one, one.named(b"Resources", content), objects, moved)
    head, stream = _split(one.objects[one.named(b"Contents", content)])
    form = b"<</Type/XObject/Subtype/Form/BBox%s/Resources %d 0 R" % (box[1], resources)
    return _added(objects, form + head.removeprefix(b"<<") + stream)


def _moved(one: _Pdf, number: int, objects: dict[int, bytes], moved: dict[int, int]) -> int:
    """Where an object of a part stands among `objects`, where it is put with all that it refers to."""
    waiting, new = [number], list[int]()
    while waiting:
        at = waiting.pop()
        if at not in moved:
            moved[at] = _added(objects, b"")
            new.append(at)
            waiting += [int(each) for each in _REFERENCE.findall(_split(one.objects[at])[0])]
    for at in new:
        head, stream = _split(one.objects[at])
        objects[moved[at]] = _REFERENCE.sub(lambda found: b"%d 0 R" % moved[int(found[1])], head) + stream
    return moved[number]


def _added(objects: dict[int, bytes], content: bytes) -> int:
    number = len(objects) + 1
    objects[number] = content
    return number


def _place(objects: dict[int, bytes], page: int, drawing: int) -> None:
    """Put a drawing on a page, below what is there."""
    content = objects[page]
    before = _REFERENCE.search(content[content.index(b"/Contents") :])
    resources = re.search(rb"/Resources (\d+) 0 R", content)
    if before is None or resources is None:
        raise BindingError("a page without contents")
    draw = _added(objects, b"<</Length 7>>\nstream\n/Nv0 Do\nendstream")
    own = objects[int(resources[1])]
    if b"/XObject" in own:
        raise BindingError("a page of the frame has drawings of its own")
    richer = _added(objects, own[:-2] + b"/XObject<</Nv0 %d 0 R>>>>" % drawing)
    content = content.replace(b"/Contents %s" % before[0], b"/Contents[%d 0 R %s]" % (draw, before[0]))
    objects[page] = content.replace(resources[0], b"/Resources %d 0 R" % richer)


def _written(objects: dict[int, bytes], root: int, info: int) -> bytes:
    lumps = list(_lumps(objects))
    digest = sha256(b"".join(lumps)).hexdigest()[:32].encode()
    offsets, at = [], len(_HEAD)
    for lump in lumps:
        offsets.append(at)
        at += len(lump)
    table = b"".join(b"%010d 00000 n\r\n" % offset for offset in offsets)
    return b"".join(
        (
            _HEAD,
            *lumps,
            b"xref\n0 %d\n0000000000 65535 f\r\n" % (len(lumps) + 1),
            table,
            b"trailer\n<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%s><%s>]>>\n"
            % (len(lumps) + 1, root, info, digest, digest),
            b"startxref\n%d\n%%%%EOF\n" % at,
        )
    )


def _lumps(objects: dict[int, bytes]) -> Iterator[bytes]:
    for number in range(1, len(objects) + 1):
        yield b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
