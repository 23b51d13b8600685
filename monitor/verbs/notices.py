"""`netvigil notice …`: which version is newer, and does an advisory touch what is installed; nothing is stored."""

import click

from alerts.notices.versions import NAMES, compared, family
from monitor.verbs import doors


@click.group()
def notice() -> None:
    """Advisories of the makers: the order of versions, and what an advisory says of a device."""


@notice.command("compare")
@click.argument("platform")
@click.argument("one")
@click.argument("other")
@doors.as_json
def compare(platform: str, one: str, other: str, *, as_json: bool) -> None:
    """Say whether version ONE is before (<), the same as (=) or after (>) OTHER, or incomparable, or invalid."""
    _known(platform)
    order = compared(platform, one, other)
    if as_json:
        doors.print_json({"platform": platform, "one": one, "other": other, "order": order.value})
    else:
        click.echo(order.value)


def _known(platform: str) -> None:
    if family(platform) is None:
        raise click.BadParameter(f"no order of versions is known for it; known are {', '.join(NAMES)}")
