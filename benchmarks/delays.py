"""How long it takes from a cause to a letter that a mail server accepted: `python -m benchmarks.delays [COUNT]`.

A rehearsal in virtual time, with the timers as shipped: COUNT devices of each kind, each of which breaks once, at
moments spread over the interval. Each has a customer and an engineer of its own, so that no storm holds letters back.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.rehearsal.evaluation import measured, quantile

_PORT = "Ten-GigabitEthernet1/0/3"
_SWITCH = f'simulated = "h3c_comware"\nrole = "access"\nports = 2\noptics = 1\nexpect_up = ["{_PORT}"]'
_SERVER = 'simulated = "poweredge_redfish"\nrole = "server"'
_DOWN = f'break = "interface {_PORT}"'
KINDS = (
    ("power supply", _SWITCH, 'break = "psu Power supply 1"', "psu"),
    ("fan", _SWITCH, 'break = "fan Fan 1"', "fan"),
    ("port", _SWITCH, _DOWN, "interface"),
    ("port, told", _SWITCH, f'{_DOWN}\ntrap = {{ oid = "linkDown", interface = "{_PORT}" }}', "interface"),
    ("device", _SWITCH, "unreachable = true", "device"),
    ("supply, Redfish", _SERVER, 'break = "psu_failed"', "psu"),
    ("disk, Redfish", _SERVER, 'break = "disk_failed"', "disk"),
)


def scenario(count: int) -> str:
    """The scenario; the device `dK-N` is the one number N of the kind number K."""
    lines = ['title = "delays"', f'duration = "{count * 4 + 30}min"', "seed = 3"]
    for number, (_, device, change, kind) in enumerate(KINDS):
        for place in range(count):
            name = f"d{number}-{place}"
            at = 600 + 240 * place + 31 * number + (place * 7.31) % 60
            lines += [
                f'[[customer]]\nname = "{name}"\n[[site]]\nname = "{name}"\ncustomer = "{name}"',
                f'[[recipient]]\nname = "{name}"\naddress = "{name}@example.org"\nlanguage = "en"',
                f'customers = ["{name}"]',
                f'[[device]]\nname = "{name}"\nsite = "{name}"\n{device}',
                f'[[change]]\nat = "{at:.2f}s"\ndevice = "{name}"\n{change}',
                f'[[expect.fault]]\ndevice = "{name}"\nkind = "{kind}"\ncleared = "never"',
            ]
    return "\n".join((*lines, '[expect]\nwithin = "5min"')) + "\n"


def main() -> None:
    """Rehearse it, and print median and p99 in seconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with TemporaryDirectory() as folder:
        file = Path(folder) / "delays.toml"
        file.write_text(scenario(count), encoding="utf-8")
        result = measured(file, Path(folder))
    found = [(one, one.letter) for one in result.delays if one.letter is not None]
    of = {"all polled": [seconds for one, seconds in found if not one.told]}
    for number, (name, *_) in enumerate(KINDS):
        of[name] = [seconds for one, seconds in found if one.fault.startswith(f"d{number}-")]
    for name, seconds in of.items():
        half, most = quantile(seconds, 0.5), quantile(seconds, 0.99)
        sys.stdout.write(f"{name:16} {len(seconds):4}  median {half or 0:5.1f} s  p99 {most or 0:5.1f} s\n")
    for words in result.differences:
        sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    main()
