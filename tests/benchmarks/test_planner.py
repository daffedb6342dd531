"""Whether the planner's time grows with the number of passwords and not faster."""

import gc
import statistics
import time

import pytest

from stickysync_gui.domain.plan import make_plan
from stickysync_gui.domain.planned import Rules
from tests.benchmarks import world
from tests.benchmarks.figures import Figure, Figures

SMALL, LARGE, ROUNDS = 10_000, 100_000, 3

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]


def test_planning_is_linear(figures: Figures) -> None:
    seconds: dict[int, list[float]] = {SMALL: [], LARGE: []}
    snapshots = {count: world.synced(count, changed_every=100) for count in seconds}
    for _ in range(ROUNDS):
        for count, snapshot in snapshots.items():
            gc.collect()
            began = time.perf_counter()
            plan = make_plan(snapshot, Rules())
            seconds[count].append(time.perf_counter() - began)
            assert len(plan.pending()) == count // 100
    small, large = statistics.median(seconds[SMALL]), statistics.median(seconds[LARGE])
    baseline = f"{SMALL:,}: {small * 1000:.0f} ms"
    figures.add(Figure(f"planning {LARGE:,}", f"{large * 1000:.0f} ms", baseline, large / small, 12))
