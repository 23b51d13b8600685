"""What is attached to tickets, on a real disk."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from monitor.store import attachments
from monitor.store.attachments import NoSuchAttachmentError, TooLargeError
from monitor.store.database import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def kept(store: Store, body: bytes, most: int = 1000) -> attachments.Attachment:
    with store.writing() as disk:
        return attachments.kept(store.directory, disk, body, "text/plain", most, NOON)


def test_what_is_attached_is_given_back_and_kept_once(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        first, second = kept(store, "诊断".encode()), kept(store, "诊断".encode())
        assert first == second
        assert (first.sha256, first.size) == (sha256("诊断".encode()).hexdigest(), 6)
        assert attachments.read(tmp_path, first.sha256).decode() == "诊断"
        files = [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]
        assert [path.name for path in files] == [first.sha256]
        assert files[0].stat().st_mode & 0o077 == 0


def test_what_is_too_large_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        with pytest.raises(TooLargeError, match=r"1001 octets .* \[attachments\] size"):
            kept(store, b"x" * 1001)
        assert not (tmp_path / "attachments").exists()


def test_what_was_changed_on_disk_or_is_gone_is_not_given_out(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        digest = kept(store, b"what was seen").sha256
        path = tmp_path / "attachments" / digest[:2] / digest
        path.write_bytes(b"what somebody would rather have seen")
        with pytest.raises(NoSuchAttachmentError, match="changed"):
            attachments.read(tmp_path, digest)
        path.unlink()
        with pytest.raises(NoSuchAttachmentError, match="cannot be read"):
            attachments.read(tmp_path, digest)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "abc", "g" * 64, "A" * 64])
def test_what_is_no_digest_names_no_file(tmp_path: Path, digest: str) -> None:
    with pytest.raises(NoSuchAttachmentError):
        attachments.read(tmp_path, digest)
