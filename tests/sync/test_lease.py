"""A holder that falls silent loses the lock, and sends nothing more when it wakes."""

import asyncio
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.sync.conftest import Scene
from tests.sync.test_death import Mortal, mortal  # noqa: F401 - a fixture
from tests.waiting import PATIENCE, until

# What the program asks the server for is two minutes; the mechanism is the same.
SILENT_SECONDS = int(os.environ.get("STICKYSYNC_TEST_SILENT_SECONDS", "3"))
STOPPED_AT = 12


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.timeout(SILENT_SECONDS + 240)
async def test_stopped_holder_loses_the_lock_and_writes_nothing_after_it_wakes(scene: Scene, mortal: Mortal) -> None:  # noqa: F811
    scene.client(1, scene.glue.add_organization("Contoso"))
    for number in range(40):
        scene.password(1, f"P{number}", b"v")
    stopped: list[int] = []
    ended: list[dict] = []

    def stop_the_holder() -> None:
        [holder] = children(mortal.process.pid)
        os.kill(holder, signal.SIGSTOP)
        stopped.append(holder)

    scene.faults.before(stop_the_holder, method="POST", at=STOPPED_AT)
    # The lock is asked for right before each request, of which four are in flight.
    asked = {"silent": SILENT_SECONDS, "silent_from": STOPPED_AT - 4}
    holder = threading.Thread(target=lambda: ended.append(mortal.run(scene, **asked)))
    holder.start()
    await until(lambda: stopped)
    # Another PC waits for the lock; it gets it only because the silent holder's session is ended by the server.
    summary = await scene.sync(lock_wait_seconds=SILENT_SECONDS + PATIENCE)
    assert summary.failed == 0
    assert len(scene.links()) == 40
    writes = sum(1 for r in scene.server.requests if r.method != "GET")
    os.kill(stopped[0], signal.SIGCONT)
    await asyncio.to_thread(holder.join)
    assert ended[0]["code"] == 6
    assert sum(1 for r in scene.server.requests if r.method != "GET") == writes
    again = await scene.sync()
    assert again.unchanged == 40
    assert len(scene.glue.passwords()) == 40
