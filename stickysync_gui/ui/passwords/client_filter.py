"""The client filter: a combo box that is typed into to find a client."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QWidget

EVERY_CLIENT = "All clients"


class ClientFilter(QComboBox):
    """Chooses one client or all."""

    chosen = Signal(object)
    """The ClientID, or None for all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName("Client")
        self.setToolTip("Show one client; Sync All then acts on that client alone")
        self.setMinimumWidth(230)
        self.setMaxVisibleItems(24)
        self._edit = QLineEdit()
        self._edit.setAccessibleName("Client")
        self.setLineEdit(self._edit)
        completer = QCompleter(self.model(), self)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._client_id: int | None = None
        self.addItem(EVERY_CLIENT, None)
        self.activated.connect(self._activated)
        self.setCompleter(completer)
        self._edit.editingFinished.connect(self._edited)

    @property
    def client_id(self) -> int | None:
        """The chosen client, or None."""
        return self._client_id

    def show_clients(self, clients: Mapping[int, str], counts: Mapping[int, int]) -> None:
        """Offer these clients, with their number of passwords; the choice stays where it can."""
        typing = self._edit.text() if self._edit.hasFocus() and self._edit.isModified() else None
        self.clear()
        self.addItem(f"{EVERY_CLIENT} ({sum(counts.values()):,})", None)
        for id_, name in sorted(clients.items(), key=lambda pair: (pair[1].casefold(), pair[0])):
            self.addItem(f"{name} ({counts.get(id_, 0):,})", id_)
        if self._client_id not in clients:
            self._client_id = None
        self._show_current()
        if typing is not None:
            self._edit.setText(typing)
            self._edit.setModified(True)

    def choose(self, client_id: int | None) -> None:
        """Choose a client and say so."""
        self._client_id = client_id
        self._show_current()
        self.chosen.emit(client_id)

    def remember(self, client_id: int | None) -> None:
        """Choose a client for when the list arrives."""
        self._client_id = client_id

    def _activated(self, index: int) -> None:
        data = self.itemData(index)
        self.choose(data if isinstance(data, int) else None)

    def _edited(self) -> None:
        """Take a typed name when it can only mean one client; else put the chosen one back."""
        text = self._edit.text().strip().casefold()
        names = [self.itemText(index).casefold() for index in range(self.count())]
        meant = [index for index, name in enumerate(names) if name == text]
        meant = meant or [index for index, name in enumerate(names) if text and text in name]
        if len(meant) == 1 and self.itemData(meant[0]) != self._client_id:
            self._activated(meant[0])
        else:
            self._show_current()

    def _show_current(self) -> None:
        """Put the chosen name back where something else was typed."""
        self.setCurrentIndex(max(0, self.findData(self._client_id)))
        self.setEditText(self.currentText() if self.currentIndex() < 0 else self.itemText(self.currentIndex()))
        self._edit.setCursorPosition(0)
