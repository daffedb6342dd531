"""A holder that falls silent loses the lock, and sends nothing more when it wakes."""

import asyncio
import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

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


class Door:
    """A way to a server on loopback. Shut, it lets those in that are there; who knocks then waits."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen(0)
        self.port: int = self._listening.getsockname()[1]
        self._in_front: list[socket.socket] = []
        self._ends = threading.Event()
        self._is_shut = threading.Lock()

    def serve(self) -> None:
        with self._listening:
            while not self._ends.is_set():
                with self._is_shut:
                    if not select.select([self._listening], [], [], 0.005)[0]:
                        continue
                    client, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def shut(self) -> None:
        self._is_shut.acquire()
        # They take all the room that the system has for those who wait to be let in.
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(self._listening.getsockname())
            self._in_front.append(one)

    def open(self) -> None:
        while self._in_front:
            self._in_front.pop().close()
        self._is_shut.release()

    def end(self) -> None:
        self._ends.set()
        if self._in_front:
            self.open()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, contextlib.suppress(OSError):
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    if not (data := ready.recv(65536)):
                        return
                    (server if ready is client else client).sendall(data)


@pytest.fixture
def door(scene: Scene) -> Iterator[Door]:
    door = Door(urlsplit(scene.server.url).port or 0)
    serving = threading.Thread(target=door.serve)
    serving.start()
    yield door
    door.end()
    serving.join()


@pytest.mark.timeout(SILENT_SECONDS + 240)
async def test_holder_that_falls_asleep_while_it_connects_sends_nothing_after_it_wakes(
    scene: Scene,
    mortal: Mortal,  # noqa: F811
    door: Door,
) -> None:
    """Its last look at the lock was before; what it was about to create was settled and created by another PC."""
    scene.client(1, scene.glue.add_organization("Contoso"))
    for number in range(12):
        scene.password(1, f"P{number}", b"v")
    ended: list[dict] = []
    # One connection stands by then; the other three of those in flight do not come about.
    scene.faults.before(door.shut, method="GET", path="/passwords")
    url = f"http://127.0.0.1:{door.port}"
    asked = {"silent": SILENT_SECONDS, "silent_from": 8, "url": url}
    holder = threading.Thread(target=lambda: ended.append(mortal.run(scene, **asked)))
    holder.start()
    await until(lambda: len(scene.links()) == 9 and len(scene.marks()) == 3)
    [pid] = children(mortal.process.pid)
    os.kill(pid, signal.SIGSTOP)
    summary = await scene.sync(lock_wait_seconds=SILENT_SECONDS + PATIENCE)
    assert summary.failed == 0
    assert len(scene.links()) == 12
    door.open()
    os.kill(pid, signal.SIGCONT)
    await asyncio.to_thread(holder.join)
    assert ended[0]["code"] == 6
    assert scene.server.count("POST") == 12 == len(scene.glue.passwords())
