"""`python -m stickysync_gui.sandbox`: the IT Glue stand-in as a process of its own, for tests and benchmarks."""

import argparse
import json
import signal
import sys
from pathlib import Path

from stickysync_gui.sandbox.control import control
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer


def main(arguments: list[str] | None = None) -> int:
    """Serve until standard input ends or SIGTERM comes. The first line printed is JSON with `url` and `key`."""
    options = _options().parse_args(arguments)
    glue = Glue(region=options.region)
    if options.key:
        glue.key = glue.add_key(options.key)
    if options.state:
        glue.load(json.loads(Path(options.state).read_text(encoding="utf-8")))
    for number in range(options.organizations):
        organization = glue.add_organization(f"Organization {number + 1:04}")
        for entry in range(options.passwords):
            glue.add_password(organization, f"Entry {entry + 1:05}", username="admin", password=f"value {entry}")
    for text in options.switch:
        name, _, value = text.partition("=")
        glue.set_switches(**{name: _value(value)})
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with SandboxServer(glue, port=options.port, latency=options.latency, control=control) as server:
        print(json.dumps({"url": server.url, "key": glue.key}), flush=True)
        sys.stdin.buffer.read()
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stickysync_gui.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--region", default="us", choices=("us", "eu", "au"))
    parser.add_argument("--key", help="an additional key, printed instead of the made-up one")
    parser.add_argument("--organizations", type=int, default=0, metavar="N", help="start with N organizations")
    parser.add_argument("--passwords", type=int, default=0, metavar="N", help="with N entries in each of them")
    parser.add_argument("--state", metavar="FILE", help="start with what `dump` gave, as JSON")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    return parser


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


if __name__ == "__main__":
    sys.exit(main())
