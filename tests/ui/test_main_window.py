"""The window round the tabs: states, keys, problems, memory and the way out."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QWidget
from shiboken6 import delete

from stickysync_gui.backend import Backend
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.bugs import Bugs
from stickysync_gui.settings import Profile, Settings, load, save
from stickysync_gui.ui.contents import Contents
from stickysync_gui.ui.main_window import CONFIGURATION, MAPPING, PASSWORDS, MainWindow
from tests.memory_keyring import MemoryKeyring
from tests.ui.desk import Desk, click, demo_desk, new_window, press, put_away
from tests.waiting import until

CTRL = Qt.KeyboardModifier.ControlModifier


async def test_before_there_is_a_backend_the_window_says_that_it_starts(qapp: Any) -> None:
    frame = MainWindow()
    frame.show()
    for tab in (CONFIGURATION, MAPPING, PASSWORDS):
        frame.tabs.setCurrentIndex(tab)
        notice = frame.tabs.currentWidget()
        assert isinstance(notice, QLabel)
        assert notice.text() == "Starting…"
    window = Contents(frame, Bugs(str))
    assert frame.tabs.currentIndex() == PASSWORDS
    for gate in (window.mapping_gate, window.passwords_gate):
        assert gate.notice.text.text() == "Starting…"
    assert frame.windowTitle() == "StickySync"
    put_away(window)
    demo = new_window(demo=True)
    assert demo.window.windowTitle() == "StickySync – DEMO"
    put_away(demo)


async def test_a_window_without_contents_closes_at_once(qapp: Any) -> None:
    frame = MainWindow()
    frame.show()
    frame.close()
    assert frame.is_closed
    assert frame.isVisible()
    delete(frame)


async def test_without_a_database_both_tabs_lead_to_its_section(tmp_path: Path, key_store: MemoryKeyring) -> None:
    window = new_window()
    backend = Backend.open(tmp_path)
    window.set_backend(backend, AutoSync(backend))
    desk = Desk(window, backend)
    await desk.idle()
    for tab, gate in ((MAPPING, window.mapping_gate), (PASSWORDS, window.passwords_gate)):
        window.tabs.setCurrentIndex(tab)
        press(gate.notice, "Set up the database")
        assert window.tabs.currentIndex() == CONFIGURATION
        assert window.configuration.database.fields.host.isVisible()
    assert window.bar.database.text() == "No database"
    assert window.bar.itglue.text() == "No IT Glue key"
    put_away(window)
    await backend.close()


async def test_tabs_and_refresh_have_their_keys() -> None:
    async with demo_desk() as desk:
        window = desk.window
        for number, tab in ((1, CONFIGURATION), (2, MAPPING), (3, PASSWORDS)):
            QTest.keyClick(window.window, getattr(Qt.Key, f"Key_{number}"), CTRL)
            assert window.tabs.currentIndex() == tab
            assert window.bar.isVisible()
        requests = desk.backend.sandbox.count("GET")
        QTest.keyClick(window.window, Qt.Key.Key_F5)
        await until(lambda: desk.backend.sandbox.count("GET") > requests)
        await desk.idle()


async def test_an_unknown_profile_is_told(tmp_path: Path, key_store: MemoryKeyring) -> None:
    window = new_window()
    backend = Backend.open(tmp_path)
    window.set_backend(backend, AutoSync(backend), "Nowhere")
    desk = Desk(window, backend)
    await desk.idle()
    assert desk.problems == ["There is no profile “Nowhere”."]
    put_away(window)


async def test_a_problem_is_pointed_at_and_stays_readable() -> None:
    async with demo_desk() as desk:
        window = desk.window
        window.jobs.report(ValueError("unforeseen"), "Sync All")
        assert window.toast.isVisible()
        assert window.bar.problems.text() == "1 problem"
        assert not window.problems.isVisible()
        click(window.toast.details)
        assert window.problems.isVisible()
        assert not window.toast.isVisible()
        assert "ValueError: unforeseen" in window.problems.problems()[0].report
        QTest.keyClick(window.window, Qt.Key.Key_P, CTRL | Qt.KeyboardModifier.ShiftModifier)
        assert not window.problems.isVisible()


async def test_closing_an_idle_window_ends_at_once_and_keeps_its_looks(
    tmp_path: Path, key_store: MemoryKeyring
) -> None:
    profile = Profile("abc", "Office")
    save(Settings(profiles=(profile,), current_profile="abc"), tmp_path / "settings.toml")
    window = new_window()
    backend = Backend.open(tmp_path)
    window.window.resize(840, 640)
    window.set_backend(backend, AutoSync(backend))
    await Desk(window, backend).idle()
    window.tabs.setCurrentIndex(MAPPING)
    window.passwords.table.setColumnWidth(3, 333)
    window.passwords.filters.search.setText("router")
    window.window.close()
    assert window.window.is_closed
    assert window.window.isVisible()
    kept = load(tmp_path / "settings.toml").window
    again = new_window(kept)
    other = Backend.open(tmp_path)
    again.set_backend(other, AutoSync(other))
    assert again.tabs.currentIndex() == MAPPING
    # As far as the small screen of the tests lets it be restored.
    assert again.window.height() == window.window.height()
    assert again.passwords.table.columnWidth(3) == 333
    assert again.passwords.filters.search.text() == "router"
    await Desk(again, backend).idle()
    put_away(again)
    put_away(window)


async def test_everything_that_can_be_used_has_a_name_for_screen_readers() -> None:
    async with demo_desk() as desk:
        nameless = []
        for widget in desk.frame.findChildren(QWidget):
            if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or type(widget).__name__.startswith("QTabBar"):
                continue
            text = getattr(widget, "text", lambda: "")()
            # Texts that can be marked, buttons that have no text yet, and the lists that combo boxes drop down.
            hidden = widget.isHidden() or widget.parentWidget().isHidden() or isinstance(widget, QLabel | QListView)
            inner = isinstance(widget.parent(), QLineEdit | QLabel) or widget.objectName().startswith("qt_") or hidden
            if not (widget.accessibleName() or text or widget.toolTip() or inner):
                nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
        harmless = {"QScrollArea", "QStackedWidget", "QTabWidget", "QWidget", "QMenuBar"}
        assert [name for name in nameless if name.split()[0] not in harmless] == []
