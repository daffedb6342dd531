"""Import and export of the mapping as CSV; an import is shown before it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from stickysync_gui.domain.mapping_csv import ImportLine, export_text, read_text, to_write
from stickysync_gui.domain.overview import MappingOverview
from stickysync_gui.errors import UsageError
from stickysync_gui.ui import alerts, theme
from stickysync_gui.ui.controls import label
from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.row_list import Column
from stickysync_gui.ui.rows import RowModel
from stickysync_gui.ui.table import Table
from stickysync_gui.ui.wording import counted

FILES = "CSV files (*.csv);;All files (*)"


class ImportPreview(QDialog):
    """Shows what an import would change.

    Args:
        lines: the file's lines, checked.
        overview: for the names.
    """

    def __init__(self, parent: QWidget, lines: list[ImportLine], overview: MappingOverview) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import the mapping")
        self.resize(900, 520)
        self.wanted = to_write(lines)
        model = RowModel(_columns(overview), lambda line: line.line, self)
        model.show_rows(sorted(lines, key=lambda line: (not line.problem, not line.changes, line.line)))
        table = Table(model, "Lines of the file")
        table.show_state("info", "The file holds no lines.")
        problems = sum(1 for line in lines if line.problem)
        same = len(lines) - problems - len(self.wanted)
        words = f"{counted(len(self.wanted), 'client')} would be mapped, {same:,} are so already"
        words += f", {counted(problems, 'line')} cannot be imported." if problems else "."
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        go = buttons.addButton(f"Map {counted(len(self.wanted), 'client')}", QDialogButtonBox.ButtonRole.AcceptRole)
        go.setEnabled(bool(self.wanted))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label(words, bold=True))
        layout.addWidget(table, 1)
        layout.addWidget(buttons)


def _columns(overview: MappingOverview) -> tuple[Column[ImportLine], ...]:
    clients = {row.client.id: row.client.name for row in overview.clients}
    organizations = {row.organization.id: row.organization.name for row in overview.organizations}

    def named(names: dict[int, str], id_: int | None) -> str:
        return "" if id_ is None else names.get(id_, str(id_))

    def result(line: ImportLine) -> str:
        return line.problem or ("Map" if line.changes else "Is so already")

    return (
        Column("Line", lambda line: str(line.line), order=lambda line: line.line, numeric=True, width=50),
        Column("Client", lambda line: named(clients, line.client_id), width=190),
        Column("Mapped to", lambda line: ", ".join(named(organizations, id_) for id_ in line.before), width=190),
        Column("Then", lambda line: named(organizations, line.organization_id), width=190),
        Column(
            "Result",
            result,
            icon=lambda line: theme.icon("error", theme.Tone.BAD) if line.problem else None,
            width=230,
        ),
    )


class CsvExchange(QObject):
    """Imports and exports the company map for the tab.

    Args:
        page: over which files are picked and imports are shown.
        say: shows a passing remark.
    """

    imported = Signal(object)
    """Organization ids by client id, as the user confirmed them; nothing is written yet."""

    def __init__(self, page: QWidget, jobs: Jobs, say: Callable[[str], None]) -> None:
        super().__init__(page)
        self._page = page
        self._jobs = jobs
        self._say = say

    def start_import(self, overview: MappingOverview) -> None:
        """Have a file picked, and show what it would change."""
        self._jobs.start("Import the mapping", self._import(overview))

    def start_export(self, overview: MappingOverview) -> None:
        """Have a file picked, and write the mapping to it."""
        self._jobs.start("Export the mapping", self._export(overview))

    async def _import(self, overview: MappingOverview) -> None:
        wanted = await wanted_from_file(self._page, overview)
        if wanted:
            self.imported.emit(wanted)

    async def _export(self, overview: MappingOverview) -> None:
        path = await export_to_file(self._page, overview)
        if path:
            self._say(f"The mapping was written to {path}.")


async def wanted_from_file(parent: QWidget, overview: MappingOverview) -> dict[int, int | None]:
    """Let the user pick a file and confirm it; empty when nothing is to be written.

    Raises:
        UsageError: the file cannot be read.
    """
    path = await alerts.choose_file(parent, "Import the mapping", FILES)
    if not path:
        return {}
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as damage:
        raise _file_error(path, "read", damage) from None
    dialog = ImportPreview(parent, read_text(text, overview), overview)
    return dict(dialog.wanted) if await alerts.shown(dialog) else {}


async def export_to_file(parent: QWidget, overview: MappingOverview) -> str:
    """Write the mapping to a file of the user's choice; its path, or "" when none was chosen.

    Raises:
        UsageError: the file cannot be written.
    """
    path = await alerts.choose_file(parent, "Export the mapping", FILES, save_as="stickysync-mapping.csv")
    if not path:
        return ""
    try:
        # The text has its line ends already; the mark makes Excel read it as UTF-8.
        Path(path).write_text(export_text(overview), encoding="utf-8-sig", newline="")
    except OSError as damage:
        raise _file_error(path, "written", damage) from None
    return path


def _file_error(path: str, act: str, damage: Exception) -> UsageError:
    reason = damage.strerror if isinstance(damage, OSError) else "it is not UTF-8 text"
    return UsageError(
        happened=f"{path} cannot be {act}: {reason}.",
        unchanged="No mapping was changed.",
        todo="Choose another file, or close the program that holds it.",
    )
