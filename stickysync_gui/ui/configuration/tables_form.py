"""The section of the plugin's tables: present, missing, created here or by a DBA."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from stickysync_gui.ui import theme
from stickysync_gui.ui.configuration.section import Section
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.jobs import RUN, Jobs
from stickysync_gui.ui.theme import Tone
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.domain.connection import DatabaseState

TABLES = {
    "plugin_stickysync_companymap": "which organization documents which client",
    "plugin_stickysync_passwordmap": "which entry belongs to which password",
    "plugin_stickysync_passwordautosync": "AutoSync ticks",
    "plugin_stickysync_settings": "the API key, sealed",
    "plugin_stickysync_syncstate": "what was last sent, as hashes",
    "plugin_stickysync_run": "runs: who, when, how they ended",
}
PLUGIN_TABLES = tuple(TABLES)[:4]
"""The plugin's own; without them there is nothing to show. The other two are only needed by a sync."""
ICON_SIZE = 18


class SqlDialog(QDialog):
    """Shows SQL to hand to a DBA."""

    def __init__(self, parent: QWidget, sql: str) -> None:
        super().__init__(parent)
        self.setWindowTitle("SQL for the database administrator")
        self.resize(760, 520)
        self.text = QPlainTextEdit(sql)
        self.text.setReadOnly(True)
        self.text.setAccessibleName("SQL")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = push_button("Copy", lambda: QGuiApplication.clipboard().setText(sql), icon="copy")
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label("Creates what is missing, and grants StickySync's user no more than it needs."))
        layout.addWidget(self.text)
        layout.addWidget(buttons)


class TablesForm(Section):
    """Shows and creates the tables."""

    tables_changed = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(
            "Plugin tables",
            "The first four are the tables of the StickySync Control Center plugin, so its mappings, links and ticks "
            "are found here. The last two are StickySync for Desktop's own; a sync needs them.",
            parent,
        )
        self._jobs = jobs
        self._backend: Backend | None = None
        self._signs: dict[str, tuple[QLabel, QLabel]] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(3, 1)
        for row, (name, purpose) in enumerate(TABLES.items()):
            sign, state = QLabel(), QLabel()
            title = label(name, selectable=True, wrap=False)
            for column, widget in enumerate((sign, title, state, label(purpose, quiet=True))):
                grid.addWidget(widget, row, column)
            self._signs[name] = (sign, state)
        self.column.addLayout(grid)
        self.create_button = push_button("Create the missing tables", self._create, icon="tables")
        self.sql = push_button("Show SQL…", self._show_sql, icon="copy", tip="For a database administrator")
        self.add_buttons(self.create_button, self.sql)
        self.column.addStretch()
        jobs.changed.connect(self.show_state)
        self.show_state()

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        self.show_state()

    def show_state(self) -> None:
        """Show which tables are there."""
        state = self._backend.database_state if self._backend else None
        for name, (sign, words) in self._signs.items():
            if state is None:
                look, text = ("not-checked", Tone.QUIET), "not known"
            elif name in state.missing_tables:
                look, text = ("error", Tone.BAD), "missing"
            else:
                look, text = ("ok", Tone.GOOD), "present"
            sign.setPixmap(theme.pixmap(*look, ICON_SIZE, self.devicePixelRatioF()))
            words.setText(text)
        self._say(state)
        free = self._backend is not None and not self._jobs.is_busy(RUN) and not self._jobs.is_on("Create tables")
        self.create_button.setEnabled(free and state is not None and bool(state.missing_tables))
        self.sql.setEnabled(self._backend is not None)

    def _say(self, state: DatabaseState | None) -> None:
        if state is None:
            self.banner.say("info", Tone.QUIET, "Not known until the database is connected.")
            return
        lines = list(state.problems)
        if state.missing_tables:
            count = counted(len(state.missing_tables), "table")
            lines.insert(0, f"{count} missing: create them here, or give the SQL to a DBA.")
        if lines:
            self.banner.say("warning", Tone.ALERT, "\n".join(lines))
        else:
            self.banner.say("ok", Tone.GOOD, "All tables are present.")

    def _create(self) -> None:
        if self._backend is not None:
            self._jobs.start("Create tables", self._create_missing(self._backend), exclusive="connection")

    async def _create_missing(self, backend: Backend) -> None:
        try:
            await backend.create_tables()
        finally:
            self.tables_changed.emit()

    def _show_sql(self) -> None:
        if self._backend is not None:
            dialog = SqlDialog(self, self._backend.tables_sql())
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
