"""A large run, whose rows share transactions, killed at its writes; and rows of a group that fail alone."""

import os

import pytest

from stickysync_gui.storage import schema
from stickysync_gui.storage.database import Database
from stickysync_gui.sync.engine import COMMIT_ALONE_UP_TO
from tests.sync.conftest import Scene
from tests.sync.test_death import KINDS, Mortal, mortal, start_over  # noqa: F401 - a fixture

COUNT = COMMIT_ALONE_UP_TO + 40
DEATHS = 12 if "CI" in os.environ else 3


@pytest.fixture
def many(scene: Scene) -> Scene:
    """More passwords than are committed one by one, over two clients; every tenth has a twin."""
    for client in (1, 2):
        scene.client(client, scene.glue.add_organization(f"Organization {client}"))
    for number in range(COUNT):
        title = f"P{number - 2}" if number % 10 == 9 else f"P{number}"
        scene.password(1 + number % 2, title, f"value {number}".encode(), user_name="admin")
    return scene


def assert_exactly_once(scene: Scene) -> None:
    links = scene.links()
    records = {record.id: record for record in scene.glue.passwords()}
    assert len(links) == len(records) == COUNT
    assert set(links.values()) == set(records)
    assert scene.marks() == {}
    first = min(links)
    assert all(records[entry].password == f"value {password - first}" for password, entry in links.items())


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_its_writes(many: Scene, mortal: Mortal, kind: str) -> None:  # noqa: F811
    lived = mortal.run(many)
    assert lived["code"] == 0
    assert_exactly_once(many)
    # Rows that met shared a transaction, so there are fewer of them than rows; how many differs from run to run.
    points = lived["counts"][kind] if kind in ("send", "answered") else COUNT // 3
    for at in range(2, points + 1, max(1, points // DEATHS)):
        start_over(many)
        assert mortal.run(many, kind=kind, at=at)["died"], at
        assert mortal.run(many)["code"] == 0, at
        assert_exactly_once(many)


async def test_a_row_that_the_server_refuses_does_not_take_its_group_along(many: Scene) -> None:
    """A trigger of a DBA's refuses one password: the others of its group are stored, one by one."""
    ids = [row[0] for row in many.sql("SELECT PasswordID FROM passwords ORDER BY PasswordID")]
    refused = ids[COUNT // 2]
    many.sql(
        "CREATE TRIGGER no_link BEFORE INSERT ON plugin_stickysync_passwordmap FOR EACH ROW"
        f" IF NEW.PasswordID = {refused} THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1644; END IF"
    )
    with pytest.raises(Exception, match="error 1644"):
        await many.sync()
    many.sql("DROP TRIGGER no_link")
    summary = await many.sync()
    assert summary.failed == 0
    assert_exactly_once(many)


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
async def test_the_map_of_either_engine_is_filled(many: Scene, engine: str) -> None:
    many.sql(f"ALTER TABLE plugin_stickysync_passwordmap ENGINE = {engine}")
    database = Database(many.address)
    tables = await database.run(schema.find_tables)
    await database.close()
    assert tables.map_has_transactions == (engine == "InnoDB")
    summary = await many.sync()
    assert summary.created == COUNT
    assert_exactly_once(many)
