"""The performance: fleet and mail server in this process, the daemon beside it as it is shipped, and what came of it.

The daemon is a child process on purpose. It is the very command an administrator installs, it may be killed in the
middle (it is then started again, as systemd would), and fleet and mail server cost it no time.
"""

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import click
from rich.console import Console, Group
from rich.live import Live

from alerts.papers.forms import Form, rendered_as
from collectors.simulate.fleet import Fleet, fleet
from collectors.simulate.snmp import Network
from monitor import archiving
from monitor.archiving import Wanted
from monitor.config import Settings, loaded
from monitor.demo.eyes import SERVER, Eyes
from monitor.demo.plot import Act, Plot, plotted
from monitor.demo.sink import Mail, Sink
from monitor.demo.stage import INTERVAL, Stage, staged
from monitor.demo.view import Scene, picture
from monitor.model import FaultState, Language
from monitor.moment import now
from monitor.store import devices, faults, papers, tickets
from monitor.store.database import StateDirectoryError, Store

_ENDLESS = 90.0  # seconds of one round of breakages where no end is set
_CURTAIN = 30.0  # seconds to wait for the first answer of every device
_BEAT = 0.25
_FULL_HOUSE = 0.39  # the share of a round after which nearly all is broken and nothing healed yet
_FINISHED = "finished"


def demo(*, seconds: int | None, state: Path | None, language: Language, as_json: bool, picture_to: Path | None) -> int:
    """Run the demo; returns the exit code."""
    folder = _folder(state)
    logging.getLogger().setLevel(logging.ERROR)  # the fleet's own chatter; the daemon logs into a file
    performance = _Performance(folder, language, seconds, as_json=as_json, picture_to=picture_to)
    try:
        return asyncio.run(performance.run())
    except KeyboardInterrupt:
        return 0


def _folder(state: Path | None) -> Path:
    """Where the demo lives. What ended by itself begins anew; what was cut off goes on."""
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = (state or Path(home) / "netvigil-demo").absolute()
    if (folder / _FINISHED).exists():
        for name in ("state", "config", "mails", "daemon.log", "inspection.html", _FINISHED):
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    try:
        Store(folder / "state", exclusive=True).close()
    except StateDirectoryError:  # another demo is running there
        folder = Path(mkdtemp(prefix="netvigil-demo-"))
    return folder


class _Performance:
    """One run of the demo."""

    def __init__(
        self, folder: Path, language: Language, seconds: int | None, *, as_json: bool, picture_to: Path | None
    ) -> None:
        self._folder = folder
        self._language = language
        self._seconds = seconds
        self._as_json = as_json
        self._picture_to = picture_to
        self._fleet: Fleet = fleet(flap_seconds=4.0)
        self._network = Network()
        self._eyes = Eyes(folder=folder / "config")
        self._breakages = (*self._fleet.breakages, *self._eyes.breakages)
        self._names = (*(each.name for each in self._fleet.devices), SERVER)
        self._sink = Sink(folder / "mails")
        self._daemon: asyncio.subprocess.Process | None = None
        self._starts = 0
        self._started = now()
        self._said = 0
        self._stopping = asyncio.Event()

    async def run(self) -> int:
        stage = await self._set()
        settings = loaded(stage.config, {**os.environ, **stage.secrets})
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        keeper = asyncio.create_task(self._keep_running(stage))
        try:
            with Store(stage.state) as store:
                plot = await self._play(stage, settings, store)
                report = await self._report(settings, store)
                await self._noted(plot, store)
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
            await self._stop_daemon()
            await self._sink.close()
            self._network.close()
            await self._eyes.close()
        (self._folder / _FINISHED).touch()
        self._close(plot, stage, report)
        return 0

    async def _set(self) -> Stage:
        ports = [(each, await self._network.serve(each.device, "127.0.0.1")) for each in self._fleet.devices]
        ports_that_matter = {each.device: [each.label] for each in self._fleet.breakages if each.kind == "interface"}
        await self._eyes.open()
        smtp_port = await self._sink.open()
        return staged(self._folder, ports, smtp_port, self._language, ports_that_matter, self._eyes)

    async def _keep_running(self, stage: Stage) -> None:
        """Start the daemon, and again whenever it ends, as systemd does."""
        with (self._folder / "daemon.log").open("ab") as log:
            while True:
                self._daemon = await asyncio.create_subprocess_exec(
                    *_leash(),
                    *(sys.executable, "-m", "monitor", "run", "--config", str(stage.config)),
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **stage.secrets},
                )
                self._starts += 1
                await self._daemon.wait()
                await asyncio.sleep(1)

    async def _stop_daemon(self) -> None:
        if self._daemon is None or self._daemon.returncode is not None:
            return
        self._daemon.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._daemon.wait(), 10)

    async def _play(self, stage: Stage, settings: Settings, store: Store) -> Plot:
        self._say(f"starting {len(self._names)} simulated devices and the daemon; state in {self._folder}")
        self._say(f"devices are visited every {INTERVAL.total_seconds():g} s here, every 60 s when installed")
        begun = await self._curtain(store)
        length = float(self._seconds) - (begun - self._started).total_seconds() if self._seconds else _ENDLESS
        plot = plotted(self._breakages, length)
        rounds = [plot]
        console = Console(stderr=self._as_json)
        live_view = Live(console=console, auto_refresh=False) if self._is_live(console) else nullcontext()
        with live_view as live:
            while not self._stopping.is_set():
                moment = now()
                elapsed = (moment - begun).total_seconds()
                if elapsed >= length:
                    if self._seconds:
                        break
                    begun, plot = moment, plotted(self._breakages, length)
                    rounds.append(plot)
                self._act(plot, elapsed, moment)
                await self._noted(plot, store)
                if live is not None:
                    live.update(await self._picture(plot, stage, settings, store), refresh=True)
                else:
                    self._lines(rounds)
                if self._picture_to is not None and elapsed > length * _FULL_HOUSE:
                    await self._saved(self._picture_to, plot, stage, settings, store)
                    self._picture_to = None
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _BEAT)
        for act in plot.acts:
            act.breakage.heal()
        return Plot(acts=[act for each in rounds for act in each.acts])

    async def _curtain(self, store: Store) -> datetime:
        """Wait until every device has answered once, or long enough."""
        while (now() - self._started).total_seconds() < _CURTAIN and not self._stopping.is_set():
            known = await store.ask(devices.all_visited)
            if all((seen := known.get(name)) and seen.visited_at >= self._started for name in self._names):
                break
            await asyncio.sleep(_BEAT)
        return now()

    def _act(self, plot: Plot, elapsed: float, moment: datetime) -> None:
        for act in plot.acts:
            if act.broken_at is None and elapsed >= act.breaks_after:
                act.breakage.break_()
                act.broken_at = moment
                self._say(f"{act.breakage.device}: {act.breakage.name} breaks")
            elif act.broken_at is not None and act.healed_at is None and elapsed >= act.heals_after:
                act.breakage.heal()
                act.healed_at = moment
                self._say(f"{act.breakage.device}: {act.breakage.name} heals")

    async def _noted(self, plot: Plot, store: Store) -> None:
        await store.ask(lambda disk: plot.noted(disk, tuple(self._sink.mails.values())))

    async def _picture(self, plot: Plot, stage: Stage, settings: Settings, store: Store) -> Group:
        seen = await store.ask(devices.all_visited)
        scene = Scene(
            now=now(),
            seconds=(now() - self._started).total_seconds(),
            devices=len(self._names),
            answering=sum(each.silence is None for each in seen.values()),
            faults=await store.ask(faults.open_faults),
            tickets=await store.ask(tickets.unclosed),
            mails=tuple(self._sink.mails.values()),
            broken=[act.breakage.name for act in plot.acts if act.broken_at and not act.healed_at],
            places=self._places(stage),
        )
        return picture(scene, settings.contract, self._language)

    def _places(self, stage: Stage) -> Sequence[tuple[str, str]]:
        return (
            ("metrics", stage.metrics_url),
            ("mails", str(self._folder / "mails")),
            ("report", f"{self._folder / 'inspection.html'} (written at the end; Ctrl-C ends)"),
            ("log", str(self._folder / "daemon.log")),
        )

    async def _saved(self, file: Path, plot: Plot, stage: Stage, settings: Settings, store: Store) -> None:
        console = Console(record=True, width=130, file=Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115, ASYNC230 - rich wants a file to write beside the record; it goes with the process
        console.print(await self._picture(plot, stage, settings, store))
        console.save_svg(str(file), title="netvigil demo")

    async def _report(self, settings: Settings, store: Store) -> Path:
        """The month's inspection report of the site where most broke."""
        sites = [settings.inventory.devices[act.device].site for act in self._breakages]
        site = settings.inventory.sites[max(set(sites), key=sites.count)]
        month = f"{now():%Y-%m}"
        wanted = Wanted(customer=site.customer, site=site.name, month=month)
        languages = [self._language]
        (kept,) = await asyncio.to_thread(archiving.made, store, settings, wanted, languages, now())
        paper = await store.ask(lambda disk: papers.paper(disk, kept.id))
        file = self._folder / "inspection.html"
        file.write_bytes(rendered_as(paper, Form.HTML))
        return file

    def _is_live(self, console: Console) -> bool:
        return not self._as_json and console.is_terminal

    def _say(self, line: str) -> None:
        if not self._as_json and not Console().is_terminal:
            click.echo(f"{now().astimezone():%H:%M:%S} {line}")

    def _lines(self, rounds: Sequence[Plot]) -> None:
        mails: Sequence[Mail] = tuple(self._sink.mails.values())
        for mail in mails[self._said :]:
            self._say(f"mail to {mail.to}: {mail.subject}")
        self._said = len(mails)
        del rounds

    def _close(self, plot: Plot, stage: Stage, report: Path) -> None:
        acts = [act for act in plot.acts if act.broken_at is not None]
        if self._as_json:
            told = {
                "faults": [act.document() for act in acts],
                "cleared": [_cleared(act) for act in acts if act.fault and act.fault.state is FaultState.CLEARED],
                "mails": self._sink.count,
                "metrics_url": stage.metrics_url,
                "report": str(report),
            }
            click.echo(json.dumps(told, ensure_ascii=False, indent=1))
            return
        told_of = sum(act.mailed_at is not None for act in acts)
        click.echo(f"{len(acts)} faults injected, {told_of} of them told by mail; {self._sink.count} mails accepted")
        click.echo(f"mails {self._folder / 'mails'}\nreport {report}\nlog {self._folder / 'daemon.log'}")


def _cleared(act: Act) -> dict[str, object]:
    fault, healed = act.fault, act.healed_at
    since = fault.cleared_at - healed if fault and fault.cleared_at and healed else None
    return {
        "device": act.breakage.device,
        "component": {"kind": act.breakage.kind, "label": fault.component.label if fault else act.breakage.label},
        "seconds_to_cleared": round(max(since, timedelta(0)).total_seconds(), 2) if since is not None else None,
    }


def _leash() -> tuple[str, ...]:
    """What to start the daemon with, so that a demo that is killed leaves none behind (setpriv(1), of util-linux)."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
