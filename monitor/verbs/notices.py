"""`netvigil notice …`: which version is newer, and does an advisory touch what is installed; nothing is stored."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from alerts.notices.exposure import QUIET, Exposure, Verdict, exposed
from alerts.notices.installed import installed
from alerts.notices.versions import NAMES, compared, family
from collectors.feeds.fields import NotAnAdvisoryError
from collectors.feeds.reader import advisories
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
    if family(platform) is None:
        raise click.BadParameter(f"{platform}: no order of versions is known; known are {', '.join(NAMES)}")
    order = compared(platform, one, other)
    if as_json:
        doors.print_json({"platform": platform, "one": one, "other": other, "order": order.value})
    else:
        click.echo(order.value)


@notice.command("match")
@click.argument("record", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--platform", required=True, help="As of `compare`.")
@click.option("--model", required=True, help="As the device tells it.")
@click.option("--version", required=True, help="As the device tells it.")
@click.option("--patch", default="", help="The hot patch that is loaded.")
@doors.as_json
def match(record: Path, platform: str, model: str, version: str, patch: str, *, as_json: bool) -> None:
    """Say what an advisory (CSAF, CVE, NVD, KEV) means for a device, and why; exit code 1 unless that is quiet."""
    if family(platform) is None:
        raise click.BadParameter(f"{platform}: no order of versions is known; known are {', '.join(NAMES)}")
    try:
        found = advisories(record.read_bytes())
    except (NotAnAdvisoryError, OSError) as error:
        click.echo(f"netvigil: {record}: {error}", err=True)
        sys.exit(doors.BAD_USAGE)
    device = installed(platform, model, version, patch)
    ranked = list(Verdict)
    told = sorted((exposed(each, device) for each in found), key=lambda each: ranked.index(each.verdict))
    if as_json:
        worst = asdict(told[0])
        doors.print_json({**worst, "advisories": [asdict(each) for each in told if _told(each, told[0])]})
    else:
        for exposure in (each for each in told if _told(each, told[0])):
            click.echo(f"{exposure.verdict.value}  {exposure.advisory}  {exposure.device}")
            for why in exposure.evidence:
                click.echo(f"  {why.verdict.value}: {why.rule}  [{why.source}: {why.words}]")
    sys.exit(doors.FINE if told[0].verdict in QUIET else doors.FINDINGS)


def _told(exposure: Exposure, worst: Exposure) -> bool:
    """Of a document of many advisories those are told that are not quiet, and the worst."""
    return exposure is worst or exposure.verdict not in QUIET
