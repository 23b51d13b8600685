"""Fixtures of the daemon's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from house import House, housed


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A core stack (hf-core-01), an access switch (hf-acc-03) and a server (hf-srv-02), all sound."""
    async with housed(tmp_path) as opened:
        yield opened
