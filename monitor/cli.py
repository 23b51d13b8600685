"""The command `netvigil`. Its verbs are in `monitor.verbs`, and each is read only when it is asked for.

Together they stand on all of the daemon, which takes seconds to read: too long for one line about one ticket.
"""

import logging
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NamedTuple, cast

import click


class Verb(NamedTuple):
    """Where a command is (module of `monitor.verbs`, name in it), its first sentence, and what else stands below it."""

    place: str
    help: str
    below: tuple[str, ...] = ()


VERBS: Mapping[str, Verb] = {
    "account": Verb("accounts:account", "Who may use the desk's pages."),
    "asset": Verb("assets:asset", "The asset file: every delivered unit, its warranty and its history."),
    "backup": Verb(
        "safekeeping:backup", "Copies of the state directory and the configuration, made while the daemon runs."
    ),
    "check": Verb("looking:check", "Read all configuration, and say file, line and reason for what is wrong."),
    "config": Verb("backups:configuration", "The configurations of devices, without their secrets."),
    "demo": Verb(
        "daemon:demo",
        "Run the daemon over a simulated fleet that breaks and heals, with a real SMTP server for the mail.",
    ),
    "device": Verb(
        "watched:device",
        "The devices of the inventory.",
        ("lives:device_parts", "lives:device_history", "lives:device_forget", "trends:device_trend"),
    ),
    "discover": Verb(
        "finding:discover",
        "Look for devices in NETWORKS, such as 10.1.0.0/24, and print them for the inventory; adopts nothing.",
    ),
    "duty": Verb("duty:duty", "Who is on duty, and when."),
    "explain": Verb("watched:explain", "Why a fault has its level: the evidence, and the rule that gave it."),
    "fault": Verb("watched:fault", "What is broken, and why it has its level."),
    "mail": Verb("posting:mail", "The way letters go."),
    "maintenance": Verb("planned:maintenance", "Windows in which faults are recorded and nobody is called."),
    "notice": Verb(
        "noticed:notice",
        "Advisories of the makers: the order of versions, and what an advisory says of a device.",
        ("forecasts:forecast", "forecasts:foretell"),
    ),
    "record": Verb(
        "record:record",
        "Record all that the eyes of the inventory see of DEVICE into FOLDER, without secrets, for netvigil replay.",
    ),
    "rehearse": Verb(
        "rehearse:rehearse",
        "Run SCENARIO (a TOML file) in virtual time, and print what happened and each difference from what it expects.",
    ),
    "replay": Verb(
        "looking:replay",
        "Visit a recording (.snmprec, or a folder of walk, Redfish tree, command outputs) and judge it at first sight.",
    ),
    "report": Verb("reports:report", "The documents that leave the house."),
    "run": Verb("daemon:run", "Run the daemon until SIGTERM; SIGHUP reads the configuration anew."),
    "spare": Verb("spares:spare", "Spare parts: what the stores hold, for which ticket, and what is short."),
    "ticket": Verb(
        "desk:ticket",
        "The promises made about faults.",
        ("handling:VERBS", "diagnosing:diagnose", "diagnosing:attach", "diagnosing:attachment"),
    ),
    "visit": Verb("looking:visit", "Visit one device of the inventory now; nothing is stored and nobody is called."),
}


class _Verbs(click.Group):
    """A group whose commands are read when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, with all that stands below it."""
        if cmd_name not in self.commands and cmd_name in VERBS:
            self.add_command(_read(VERBS[cmd_name]), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without reading any."""
        del ctx
        width = formatter.width - 6 - max(map(len, VERBS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, click.Command(name, help=each.help).get_short_help_str(width)) for name, each in VERBS.items()]
            )


def _read(verb: Verb) -> click.Command:
    (command,) = _found(verb.place)
    for place in verb.below:
        for each in _found(place):
            cast("click.Group", command).add_command(each)
    return command


def _found(place: str) -> tuple[click.Command, ...]:
    module, _, name = place.partition(":")
    found: click.Command | tuple[click.Command, ...] = getattr(import_module(f"monitor.verbs.{module}"), name)
    return found if isinstance(found, tuple) else (found,)


def main() -> None:
    """The command `netvigil`."""
    netvigil(prog_name="netvigil")


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="netvigil")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def netvigil(*, verbose: bool) -> None:
    """Watch network equipment and keep the promises of its service contract."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
    )
    for chatty in ("apscheduler", "alembic", "asyncio", "mail.log", "pysnmp", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
