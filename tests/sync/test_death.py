"""A run killed at each of its writes, and what the next run makes of it: one entry and one link per password."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.connections import connections_to
from tests.sync.conftest import Scene
from tests.waiting import PATIENCE, wait_until

TOP = Path(__file__).parents[2]
COUNT = 60
KINDS = ("commit", "committed", "send", "answered")
# Every point where it lands; at a desk a fifth of them, another fifth for each kind.
STRIDE = 1 if "CI" in os.environ else 5


class Mortal:
    """The process that forks dying runs."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("mortal.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TOP,
        )

    def run(self, scene: Scene, **command: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        address = {
            "host": scene.automate.host,
            "port": scene.automate.port,
            "schema": scene.automate.schema,
            "user": "root",
        }
        full = {"address": address, "url": scene.server.url, "key": scene.glue.key, **command}
        self.process.stdin.write(json.dumps(full) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        if answer["died"]:
            # No settle time is waited for in these tests, so nothing of it may still be on its way.
            port = urlsplit(scene.server.url).port or 0
            wait_until(lambda: connections_to(port) == 0)
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def mortal() -> Iterator[Mortal]:
    process = Mortal()
    yield process
    process.close()


@pytest.fixture
def sixty(scene: Scene) -> Scene:
    """Sixty passwords over three clients; among them six pairs of twins."""
    for client in (1, 2, 3):
        scene.client(client, scene.glue.add_organization(f"Organization {client}"))
    for number in range(COUNT):
        title = f"Twin {number // 2}" if number < 12 else f"P{number}"
        scene.password(1 + number // 20, title, f"value {number}".encode(), user_name="admin")
    return scene


def start_over(scene: Scene) -> None:
    for record in scene.glue.passwords():
        scene.glue.remove_password(record.id)
    for table in ("passwordmap", "syncstate", "run"):
        scene.sql(f"DELETE FROM plugin_stickysync_{table}")
    scene.server.clear_requests()


def assert_exactly_once(scene: Scene) -> None:
    """Sixty entries, sixty links, each entry with the value of its own password, no mark left."""
    links = scene.links()
    records = {record.id: record for record in scene.glue.passwords()}
    assert len(links) == COUNT
    assert len(records) == COUNT
    assert set(links.values()) == set(records)
    assert scene.marks() == {}
    first = min(links)
    for password_id, entry_id in links.items():
        assert records[entry_id].password == f"value {password_id - first}"
    assert scene.server.count("DELETE") == 0


def nothing(scene: Scene) -> None:
    """The rerun finds everything as it was."""


def rename(scene: Scene) -> None:
    scene.sql("UPDATE passwords SET Title = CONCAT(Title, ' renamed')")


def test_a_run_that_lives_counts_its_own_points(sixty: Scene, mortal: Mortal) -> None:
    lived = mortal.run(sixty)
    assert lived["code"] == 0
    assert lived["counts"]["send"] == lived["counts"]["answered"] == COUNT
    assert lived["counts"]["committed"] >= 2 * COUNT
    assert_exactly_once(sixty)


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_each_write(sixty: Scene, mortal: Mortal, kind: str) -> None:
    points = COUNT if kind in ("send", "answered") else 2 * COUNT + 3
    for at in range(1 + KINDS.index(kind) % STRIDE, points + 1, STRIDE):
        start_over(sixty)
        assert mortal.run(sixty, kind=kind, at=at)["died"], at
        assert mortal.run(sixty)["code"] == 0, at
        assert_exactly_once(sixty)


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("change", [nothing, rename], ids=["as it was", "renamed"])
@pytest.mark.parametrize("options", [{"bulk_creation": True}, {"matching": "always_create"}], ids=["bulk", "matching"])
@pytest.mark.parametrize("kind", KINDS)
def test_killed_with_other_options_or_titles(
    sixty: Scene, mortal: Mortal, kind: str, options: dict[str, Any], change: Callable[[Scene], None]
) -> None:
    start_over(sixty)
    lived = mortal.run(sixty, options=options)
    points = lived["counts"][kind]
    step = max(1, points // (8 if STRIDE == 1 else 3))
    for at in range(1, points + 1, step):
        start_over(sixty)
        sixty.sql("UPDATE passwords SET Title = REPLACE(Title, ' renamed', '')")
        assert mortal.run(sixty, kind=kind, at=at, options=options)["died"], at
        change(sixty)
        assert mortal.run(sixty, options=options)["code"] == 0, at
        assert_exactly_once(sixty)
        names = {record.name for record in sixty.glue.passwords()}
        assert all(name.endswith("renamed") for name in names) or change is nothing


@pytest.mark.parametrize("kind", ["answered", "committed"])
def test_remapped_between_death_and_rerun(sixty: Scene, mortal: Mortal, kind: str) -> None:
    """Nothing more reaches the former organization, and what had reached it is linked there, as Moved."""
    for at in (7, 31, 44):
        start_over(sixty)
        former = dict(sixty.sql("SELECT ClientID, ITGOrgID FROM plugin_stickysync_companymap"))
        mortal.run(sixty, kind=kind, at=at)
        before = {record.id for record in sixty.glue.passwords(former[1])}
        other = sixty.glue.add_organization("Corrected")
        sixty.map(1, other)
        assert mortal.run(sixty)["code"] == 0
        assert {record.id for record in sixty.glue.passwords(former[1])} == before
        assert len(sixty.links()) == COUNT
        assert len(set(sixty.links().values())) == COUNT == len(sixty.glue.passwords())
        sixty.map(1, former[1])
