"""Where the configuration that comes with Netvigil lies: the contract, the policy and the platforms nobody changed."""

from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import monitor

IN_WHEEL = "share/netvigil/configs/contract.toml"  # data-files of pyproject.toml


@cache
def runbooks() -> Path:
    """The folder of the runbook pages, one folder for each language."""
    return shipped().parent / "docs" / "runbooks"


@cache
def shipped() -> Path:
    """The folder `configs` beside the code in a checkout, or where the wheel has put it."""
    checkout = Path(monitor.__file__).parent.parent / "configs"
    if (checkout / "contract.toml").is_file():  # site-packages may hold another's `configs`
        return checkout
    try:
        installed = next(file for file in files("netvigil") or () if file.as_posix().endswith(IN_WHEEL))
    except (PackageNotFoundError, StopIteration):
        raise FileNotFoundError("the configs that come with Netvigil are not installed; install it again") from None
    return Path(str(installed.locate())).resolve().parent
