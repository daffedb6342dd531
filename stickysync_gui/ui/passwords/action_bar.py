"""The line under the passwords: how many are shown, and the buttons that act on them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from stickysync_gui.ui.controls import ElidedLabel, label, push_button, tool_button
from stickysync_gui.ui.wording import counted, elided

CLIENT_LENGTH = 28


class ActionBar(QWidget):
    """Counts and buttons.

    Args:
        sync_all, sync_selected, preview, undo, redo: what the buttons do.
    """

    def __init__(
        self,
        *,
        sync_all: Callable[[], None],
        sync_selected: Callable[[], None],
        preview: Callable[[], None],
        undo: Callable[[], None],
        redo: Callable[[], None],
    ) -> None:
        super().__init__()
        self.counts = label(quiet=True, wrap=False)
        self.counts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.undo = tool_button("undo", "Undo the last AutoSync change", undo, shortcut="Ctrl+Z")
        self.redo = tool_button("redo", "Redo the AutoSync change", redo, shortcut="Ctrl+Y")
        self.preview = push_button("Preview…", preview, icon="preview", shortcut="Ctrl+P")
        self.preview.setToolTip("Show what Sync All would do, without doing it (Ctrl+P)")
        self.sync_selected = push_button("Sync selected", sync_selected, icon="sync", shortcut="Ctrl+Return")
        self.sync_all = push_button("Sync All", sync_all, icon="sync", shortcut="Ctrl+Shift+Return")
        self.hidden = ElidedLabel("What Sync All acts on besides what is shown")
        self.hidden.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.counts, 1)
        layout.addWidget(self.hidden, 2)
        for widget in (self.undo, self.redo, self.preview, self.sync_selected, self.sync_all):
            layout.addWidget(widget)

    def show_counts(self, shown: int, in_client: int, client: str, selected: int) -> None:
        """Show how much the buttons act on.

        Args:
            shown: rows that all filters leave.
            in_client: rows that the client filter leaves; Sync All acts on these.
            client: the chosen client's name; empty for all.
        """
        chosen = f", {selected:,} selected" if selected else ""
        self.counts.setText(f"{counted(shown, 'password')} shown{chosen}")
        named = f" – {elided(client, CLIENT_LENGTH)}" if client else ""
        self.sync_all.setText(f"Sync All{named} ({in_client:,})".replace("&", "&&"))
        hidden = in_client - shown
        self.hidden.say(f"of which {hidden:,} are hidden by the other filters" if hidden > 0 else "")
        self.sync_selected.setText(f"Sync selected ({selected:,})" if selected else "Sync selected")

    def show_usable(self, *, run: bool, selection: bool, undo: str, redo: str) -> None:
        """Enable what can be used now.

        Args:
            run: whether a run may be started.
            undo, redo: the act that can be undone or redone, in words; empty for none.
        """
        self.sync_all.setEnabled(run)
        self.preview.setEnabled(run)
        self.sync_selected.setEnabled(run and selection)
        self.undo.setEnabled(bool(undo))
        self.redo.setEnabled(bool(redo))
        self.undo.setToolTip(f"Undo: {undo} (Ctrl+Z)" if undo else "Nothing to undo (Ctrl+Z)")
        self.redo.setToolTip(f"Redo: {redo} (Ctrl+Y)" if redo else "Nothing to redo (Ctrl+Y)")
