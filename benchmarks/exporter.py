"""The peer of the polling benchmarks: Debian's prometheus-snmp-exporter, asked over HTTP, measured from /proc."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.switch import COMMUNITY, COUNTERS, INTERFACES, PARTS, SYSTEM, USER

COMMAND = "prometheus-snmp-exporter"
_TEXTS = {INTERFACES[0], *(SYSTEM[n] for n in (0, 3, 4, 5))}
_PATIENCE = 20.0


def installed() -> bool:
    """Whether the exporter is there to be measured."""
    return shutil.which(COMMAND) is not None


def cpu_ms(ports: list[int], module: str, scrapes: int) -> float:
    """Processor time of one scrape, the mean of `scrapes` over all `ports` at once. Raises OSError, RuntimeError."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "snmp.yml"
        file.write_text(json.dumps(_modules()))  # JSON is YAML
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        command = [COMMAND, f"--config.file={file}", f"--web.listen-address={listen}", "--log.level=error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as exporter:  # noqa: S603 - a command of the distribution
            try:
                urls = [f"http://{listen}/snmp?target=127.0.0.1:{port}&module={module}" for port in ports]
                _wait(f"http://{listen}/")
                with ThreadPoolExecutor(len(ports)) as pool:
                    for text in pool.map(_fetched, urls):
                        _check(text)
                    before = _spent(exporter.pid)
                    rounds = max(1, scrapes // len(ports))
                    for _ in range(rounds):
                        list(pool.map(_fetched, urls))
                    return (_spent(exporter.pid) - before) * 1000 / (rounds * len(ports))
            finally:
                exporter.kill()


def _fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as reply:  # noqa: S310 - our own loopback
            return str(reply.read().decode())
    except urllib.error.HTTPError as error:
        raise OSError(f"{url}: {error}: {error.read(500).decode(errors='replace')}") from error


def _wait(url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            _fetched(url)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _check(text: str) -> None:
    told = sum(line.startswith("bench_") for line in text.splitlines())
    least = len(INTERFACES) * 52 + len(PARTS) * 40
    if told < least:
        raise RuntimeError(f"the exporter told {told} values of {least}")


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _modules() -> dict[str, Any]:
    columns = [*INTERFACES, *PARTS]
    metrics = [_metric(oid, []) for oid in SYSTEM] + [
        _metric(oid, [{"labelname": "index", "type": "gauge"}]) for oid in columns
    ]
    told = {"walk": columns, "get": list(SYSTEM), "metrics": metrics, "max_repetitions": 25}
    user = {
        "security_level": "authPriv",
        "username": USER.user,
        "password": USER.auth_key,
        "auth_protocol": "SHA",
        "priv_protocol": "AES",
        "priv_password": USER.priv_key,
    }
    return {
        "v2c": {**told, "version": 2, "auth": {"community": COMMUNITY.community}},
        "v3": {**told, "version": 3, "auth": user},
    }


def _metric(oid: str, indexes: list[dict[str, str]]) -> dict[str, Any]:
    kind = "DisplayString" if oid in _TEXTS or oid == SYSTEM[1] else "counter" if oid in COUNTERS else "gauge"
    name = "bench_" + oid.removesuffix(".0").replace(".", "_")
    return {"name": name, "oid": oid.removesuffix(".0"), "type": kind, "help": oid, "indexes": indexes}
