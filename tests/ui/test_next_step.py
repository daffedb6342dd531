"""What the Configuration tab leads to next. The whole way, on a real screen, is in test_first_use.py."""

from stickysync_gui.domain.connection import DatabaseAddress, DatabaseState, ItGlueState, Region
from stickysync_gui.ui.configuration.next_step import Place, next_step
from stickysync_gui.ui.configuration.page import DATABASE, ITGLUE
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING
from tests.ui.desk import click, demo_desk

COMPLETE = DatabaseState(DatabaseAddress("db"), "8.0", "TLS, pin", True)
LACKING = DatabaseState(DatabaseAddress("db"), "8.0", "TLS, pin", True, ("plugin_stickysync_run",))
KEY = ItGlueState("https://api.itglue.com", Region.US, "stored API key")


def test_one_step_after_the_other() -> None:
    assert next_step(None, None).place is Place.DATABASE
    assert next_step(None, KEY).place is Place.DATABASE
    assert next_step(LACKING, KEY).place is Place.TABLES
    assert next_step(COMPLETE, None).place is Place.ITGLUE
    assert next_step(COMPLETE, KEY).place is Place.MAPPING


async def test_who_has_everything_is_left_alone_until_something_is_missing() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        page = desk.window.configuration
        assert not page.next_step.isVisible()
        page.open(DATABASE)
        await desk.lose_the_key()
        assert page.next_step.isVisible()
        assert page.next_step.button.text() == "IT Glue"
        click(page.next_step.button)
        assert page.side.currentRow() == ITGLUE
        assert not page.next_step.isVisible(), "it leads to no place where the user is already"


async def test_a_connection_made_by_hand_leads_on_to_the_mapping() -> None:
    async with demo_desk(CONFIGURATION) as desk:
        page = desk.window.configuration
        page.open(DATABASE)
        page.database.connection_changed.emit()
        await desk.idle()
        assert page.next_step.button.text() == "Org Mapping"
        click(page.next_step.button)
        assert desk.window.tabs.currentIndex() == MAPPING
        assert not page.next_step.isVisible()
