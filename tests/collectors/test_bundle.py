"""Bundles of advisories: whole and as their manifest says, or not at all. Every bad one is a real file."""

import gzip
import io
import os
import random
import tarfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from collectors.feeds import bundle
from collectors.feeds.bundle import BundleError, documents
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import LARGEST, advisories

FILES = {"a.json": b'{"a": 1}', "deep/b.json": b'{"b": 2}'}


def manifest(files: dict[str, bytes]) -> bytes:
    return "".join(f"{sha256(raw).hexdigest()}  {name}\n" for name, raw in files.items()).encode()


def tar(path: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, raw in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            archive.addfile(info, io.BytesIO(raw))
        for info in more:
            archive.addfile(info)
    return path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def read(path: Path, *, checked: bool = True) -> dict[str, bytes]:
    return {each.name: each.raw for each in documents(path, checked=checked)}


def parsed(path: Path) -> None:
    for each in documents(path):
        advisories(each.raw)


def refused(path: Path, words: str, *, checked: bool = True) -> None:
    with pytest.raises(BundleError, match=words):
        read(path, checked=checked)


@pytest.mark.parametrize("make", [tar, zipped])
def test_an_archive_is_taken_as_its_manifest_says(tmp_path: Path, make: Callable[..., Path]) -> None:
    whole = {"SHA256SUMS": manifest(FILES), **FILES}
    assert read(make(tmp_path / "a.bin", whole)) == FILES
    inside = {f"bundle-1/{name}": raw for name, raw in whole.items()}
    assert read(make(tmp_path / "b.bin", inside)) == {f"bundle-1/{name}": raw for name, raw in FILES.items()}


@pytest.mark.parametrize("make", [tar, zipped])
def test_what_differs_from_the_manifest_is_refused(tmp_path: Path, make: Callable[..., Path]) -> None:
    sums = {"SHA256SUMS": manifest(FILES)}
    refused(make(tmp_path / "a", {**sums, **FILES, "a.json": b"{}"}), "is not what SHA256SUMS says")
    refused(make(tmp_path / "b", {**sums, **FILES, "c.json": b"{}"}), "is not in SHA256SUMS")
    refused(make(tmp_path / "c", {**sums, "a.json": FILES["a.json"]}), "and not in the bundle")
    refused(make(tmp_path / "d", FILES), "no SHA256SUMS in it")
    assert read(make(tmp_path / "e", FILES), checked=False) == FILES
    refused(make(tmp_path / "f", {"SHA256SUMS": b"nonsense", **FILES}), "a line of SHA256SUMS is none")


def test_the_sum_of_the_whole_archive_may_stand_beside_it(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tar.gz", FILES)
    beside = tmp_path / "a.tar.gz.sha256"
    beside.write_text(f"{sha256(path.read_bytes()).hexdigest()}  a.tar.gz\n")
    assert read(path) == FILES
    beside.write_text(f"{'0' * 64}  a.tar.gz\n")
    refused(path, "is not what a.tar.gz.sha256 says")


@pytest.mark.parametrize(
    "name", ["../evil.json", "/etc/evil.json", "a/../../evil.json", "C:\\evil.json", "..\\evil.json"]
)
@pytest.mark.parametrize("make", [tar, zipped])
def test_names_that_lead_out_are_refused(tmp_path: Path, make: Callable[..., Path], name: str) -> None:
    refused(make(tmp_path / "a", {name: b"{}"}), "leads out", checked=False)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    info = tarfile.TarInfo("evil.json")
    info.type, info.linkname = kind, "/etc/passwd"
    refused(tar(tmp_path / "a", FILES, info), "is a link or no file", checked=False)


def test_links_in_zips_and_folders_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("evil.json")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "a.zip", "is a link", checked=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "evil.json").symlink_to("/etc/passwd")
    refused(folder, "is a link")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9, 0.999])
def test_a_bundle_that_is_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    noise = random.Random(1).randbytes(300_000)  # noqa: S311 - what cannot be packed, the same each time
    files = {"noise.json": noise, **FILES}
    for make in (tar, zipped):
        path = make(tmp_path / f"{make.__name__}.tar.gz", {"SHA256SUMS": manifest(files), **files})
        raw = path.read_bytes()
        path.write_bytes(raw[: int(len(raw) * share)])
        with pytest.raises((BundleError, NotAnAdvisoryError)):
            parsed(path)


def test_bombs_are_met_no_further_than_may_be_read(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.json", "w", force_zip64=True) as file,
    ):
        for _ in range(LARGEST // 2**20 + 2):
            file.write(bytes(2**20))
    assert bomb.stat().st_size < 200_000
    refused(bomb, "more than", checked=False)
    lying = tarfile.TarInfo("huge.json")
    lying.size = 2**40
    with gzip.open(tmp_path / "bomb.tar.gz", "wb") as packed:
        packed.write(lying.tobuf())
    refused(tmp_path / "bomb.tar.gz", "are the most", checked=False)


def test_too_many_files_or_octets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_FILES", 20)
    refused(tar(tmp_path / "many", {f"{n}.json": b"{}" for n in range(21)}), "more than", checked=False)
    monkeypatch.setattr(bundle, "MOST_FILES", 50_000)
    monkeypatch.setattr(bundle, "MOST_OCTETS", 1000)
    refused(tar(tmp_path / "much", {f"{n}.json": bytes(400) for n in range(3)}), "more than", checked=False)


def test_a_document_of_a_gigabyte_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b"[")
        file.truncate(2**30)
    before = os.times().user
    refused(path, "octets; a document has")
    (tmp_path / "folder").mkdir()
    path.rename(tmp_path / "folder" / "huge.json")
    refused(tmp_path / "folder", "has more than")
    assert os.times().user - before < 5


def test_the_same_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.json", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.json", "2")
    refused(tmp_path / "a.zip", "twice", checked=False)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 200_000,
        b'{"document": {"csaf_version": "2.0"}, "product_tree": ' + b'{"branches": [' * 600 + b"]}" * 600 + b"}",
        b'\xff\xfe{"a": "\xd8\x00"}',
        b"\x80\x81\x82",
        '{"document": {"csaf_version": "2.0", "title": "\u516c\u544a"}}'.encode("gb18030")[:-3],
        b"<!DOCTYPE x [<!ENTITY a 'b'><!ENTITY c '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]><Manifest>&c;</Manifest>",
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><Manifest/>'.encode("utf-16"),
        b"<Manifest>" + b"<a>" * 10_000,
        b"<html><body>no catalogue</body></html>",
        b"",
        b"null",
        b"NaN",
    ],
    ids=[
        "deep", "brackets", "deep tree", "utf-16", "no utf-8", "gb18030", "laughs", "external", "deep xml", "html",
        "nothing", "null", "nan",
    ],
)  # fmt: skip
def test_hostile_documents_are_refused_with_words(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "evil.json"
    path.write_bytes(raw)
    (one,) = documents(path)
    with pytest.raises(NotAnAdvisoryError, match=r"."):
        advisories(one.raw)
