"""What is installed is what stands in the repository: every package of code, and every page and file that it reads."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def test_every_package_is_installed() -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("monitor", "collectors", "alerts")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(SETUPTOOLS["packages"]) == found


def test_every_runbook_and_platform_file_is_carried_along() -> None:
    carried = {
        (folder, path.name)
        for folder, patterns in SETUPTOOLS["data-files"].items()
        for pattern in patterns
        for path in ROOT.glob(pattern)
    }
    for folder in ("docs/runbooks/en", "docs/runbooks/zh_CN", "configs/platforms"):
        names = {path.name for path in (ROOT / folder).iterdir()}
        assert names
        assert {(f"share/netvigil/{folder}", name) for name in names} <= carried
