"""What a sync costs far beyond this machine: `make bench-scale`.

The planner, the batches and the pacing are the program's own; only the clock, the network and IT Glue's limit are
simulated. Each size runs in a process of its own, so that its memory can be told.
"""

import argparse
import asyncio
import gc
import json
import resource
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Rules
from stickysync_gui.domain.snapshot import Snapshot
from stickysync_gui.itglue.pacing import Pacer
from stickysync_gui.sync.batch_writer import into_batches
from tests.benchmarks import world
from tests.benchmarks.chart import chart
from tests.benchmarks.figures import machine

TOP = Path(__file__).parents[2]
SIZES = (1_000, 10_000, 100_000, 1_000_000)
LIMIT, WINDOW = 3000, 300.0
"""The vendor's, per account, whatever the number of PCs."""
PAGE = 1000
PAGE_SECONDS, WRITE_SECONDS, BATCH_SECONDS = 1.5, 0.3, 2.0
"""How long an answer takes; assumed, since only the vendor could tell. Four are in flight."""
CASES: dict[str, Callable[[int], Snapshot]] = {
    "first sync": world.new,
    "1 % changed": lambda count: world.synced(count, changed_every=100),
    "unchanged": world.synced,
}


@dataclass(frozen=True)
class Cost:
    """What one run comes to."""

    passwords: int
    case: str
    bulk_creation: bool
    pcs: int
    requests: int
    throttled: int
    hours: float
    planning_seconds: float
    memory_mib: float


class _Leap(selectors.BaseSelector):
    """Waits for nothing: time jumps to the next timer."""

    def __init__(self) -> None:
        self.now = 0.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return self._real.select(0)

    def register(self, *given: Any) -> selectors.SelectorKey:
        return self._real.register(*given)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class _LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose hours pass in no time."""

    def __init__(self) -> None:
        self.leap = _Leap()
        super().__init__(self.leap)

    def time(self) -> float:
        return self.leap.now


class Account:
    """IT Glue's side of the limit: 429 with Retry-After above it, for all PCs together."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._taken: deque[float] = deque()
        self.requests = self.throttled = 0

    def refuses_for(self) -> float:
        """Take one request; seconds that a 429 asks to wait, or 0 when it is let through."""
        now = self._clock()
        self.requests += 1
        while self._taken and self._taken[0] + WINDOW <= now:
            self._taken.popleft()
        if len(self._taken) >= LIMIT:
            self.throttled += 1
            return self._taken[0] + WINDOW - now
        self._taken.append(now)
        return 0.0


async def sent(pacer: Pacer, account: Account, durations: Iterator[float]) -> None:
    """Send requests as the program's workers do: four at once, as the pacer lets them, again after a 429."""

    async def work() -> None:
        for duration in durations:
            while True:
                async with pacer.turn():
                    pause = account.refuses_for()
                    if pause:
                        # At least the second that a header's whole seconds come to.
                        pacer.pause(max(1.0, ceil(pause)))
                    else:
                        await asyncio.sleep(duration)
                        break

    await asyncio.gather(*(work() for _ in range(4)))


def paced(reads: int, writes: list[float], pcs: int) -> tuple[Account, float]:
    """Requests of one run, and of the other PCs, which read at the same time; hours until the run has ended."""
    loop = _LeapingLoop()

    async def all_pcs() -> tuple[Account, float]:
        account = Account(loop.time)

        async def run() -> float:
            pacer = Pacer(clock=loop.time)
            # A walk goes page by page.
            for _ in range(reads):
                await sent(pacer, account, iter([PAGE_SECONDS]))
            await sent(pacer, account, iter(writes))
            return loop.time() / 3600

        async def look() -> None:
            # The run lock lets one PC write at a time; the others' windows only read.
            pacer = Pacer(clock=loop.time)
            for _ in range(reads):
                await sent(pacer, account, iter([PAGE_SECONDS]))

        hours, *_ = await asyncio.gather(run(), *(look() for _ in range(pcs - 1)))
        return account, hours

    try:
        return loop.run_until_complete(all_pcs())
    finally:
        loop.close()


def costs(count: int, case: str) -> list[Cost]:
    """One size and case, with one PC and with five; a first sync with single calls and with bulk creation."""
    snapshot = CASES[case](count)
    gc.freeze()
    began = time.perf_counter()
    plan = make_plan(snapshot, Rules())
    planning = time.perf_counter() - began
    gc.freeze()
    pending = plan.pending()
    reads = 1 + ceil(len(snapshot.itglue.organizations) / PAGE) + max(1, ceil(len(snapshot.itglue.entries) / PAGE))
    found = []
    # The option is about creates alone; many updates go in batches in any case.
    for bulk_creation in (False, True) if case == "first sync" else (False,):
        batches = into_batches(pending, bulk_creation=bulk_creation)
        writes = [WRITE_SECONDS if len(batch) == 1 else BATCH_SECONDS for batch in batches]
        for pcs in (1, 5):
            account, hours = paced(reads, writes, pcs)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            numbers = (account.requests, account.throttled, hours, planning, memory)
            found.append(Cost(count, case, bulk_creation, pcs, *numbers))
    return found


def table(found: list[Cost]) -> str:
    """All costs as Markdown."""
    lines = [
        "| Passwords | | PCs | Requests | of them 429 | Time at the limit | Planning | Memory |",
        "|---:|---|---:|---:|---:|---:|---:|---:|",
    ]
    for cost in found:
        span = f"{cost.hours:,.1f} h" if cost.hours >= 1 else f"{cost.hours * 60:,.1f} min"
        lines.append(
            f"| {cost.passwords:,} | {cost.case}{', bulk creation' if cost.bulk_creation else ''} | {cost.pcs} |"
            f" {cost.requests:,} | {cost.throttled:,} | {span} | {cost.planning_seconds:.2f} s |"
            f" {cost.memory_mib:,.0f} MiB |"
        )
    return "\n".join([machine(), "", *lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=2, metavar=("COUNT", "CASE"), help="print one size and case as JSON")
    parser.add_argument("--chart", type=Path, default=TOP / "resources" / "pictures" / "scale.svg")
    parser.add_argument("--table", type=Path, default=TOP / "build" / "scale.md")
    options = parser.parse_args()
    if options.one:
        print(json.dumps([asdict(cost) for cost in costs(int(options.one[0]), options.one[1])]))
        return
    found = []
    for count in SIZES:
        for case in CASES:
            command = [sys.executable, "-m", "tests.benchmarks.scale", "--one", str(count), case]
            done = subprocess.run(command, cwd=TOP, check=True, stdout=subprocess.PIPE, text=True)
            found += [Cost(**cost) for cost in json.loads(done.stdout)]
    text = table(found)
    print(text)
    for file, content in ((options.table, text), (options.chart, chart(found))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
