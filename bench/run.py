"""The whole benchmark: `python -m bench.run [--quick] [NAME...]`.

Prints the table; the whole run also writes it to docs/benchmarks.md and between the marks in README.md.
Exits non-zero where something could not be measured; a goal that is not met is no failure, but is said.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import cold, deployed, emulator, memory, sqs, startup, warm
from bench.client import Client
from bench.figure import BenchError, Figure, table
from bench.scale import QUICK, WHOLE, Scale

_ROOT = Path(__file__).resolve().parents[1]
_PAGES = (_ROOT / "docs" / "benchmarks.md", _ROOT / "README.md")
_BEGIN, _END = "<!-- bench:start -->", "<!-- bench:end -->"
_MEASURES: dict[str, Callable[[Client, Scale, bool], list[Figure]]] = {
    "warm": warm.measure,
    "cold": cold.measure,
    "memory": memory.measure,
    "startup": startup.measure,
    "deployed": deployed.measure,
    "sqs": sqs.measure,
}


def main() -> int:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended on the way out
    scale = QUICK if arguments.quick else WHOLE
    started = time.monotonic()
    try:
        emulator.binary()
        have_rival = True
    except BenchError as error:
        print(error, file=sys.stderr)
        have_rival = False
    figures: list[Figure] = []
    with Client() as client:
        for name in arguments.names or _MEASURES:
            print(f"measuring: {name}", file=sys.stderr)
            figures += _MEASURES[name](client, scale, have_rival)
    text = table(figures)
    print(text)
    print(f"took {time.monotonic() - started:.0f} s", file=sys.stderr)
    if not arguments.quick and not arguments.names and have_rival:
        _write(f"{_machine()}\n\n{text}")
    return 0 if have_rival else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run")
    parser.add_argument("--quick", action="store_true", help="a short look; nothing is written")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*_MEASURES, []], help="only these")
    return parser.parse_args()


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    system = f"Linux {platform.release()}, CPython {platform.python_version()}"
    return f"{os.cpu_count()} processors ({model}), {system}."


def _write(text: str) -> None:
    """Between the marks, in every page that has them; what people wrote around them stays."""
    for page in _PAGES:
        before, begin, rest = page.read_text().partition(_BEGIN)
        _, end, after = rest.partition(_END)
        if begin and end:
            page.write_text(f"{before}{_BEGIN}\n{text}{_END}{after}")


if __name__ == "__main__":
    sys.exit(main())
