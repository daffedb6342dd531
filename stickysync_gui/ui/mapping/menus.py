"""The context menus of Org Mapping's two lists: what the bar's buttons do, where the mouse is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QMenu, QPushButton

from stickysync_gui.ui import theme
from stickysync_gui.ui.mapping.panels import MappingBar
from stickysync_gui.ui.table import Table


def mapping_menu(
    table: Table[Any], bar: MappingBar, *, map_words: str, show_passwords: Callable[[], object] | None = None
) -> QMenu:
    """A menu for the selected rows of a list.

    Args:
        map_words: what mapping would do: "Map Contoso to Contoso Ltd".
        show_passwords: shows the passwords of the one client that is selected; None where that is not so.
    """
    menu = QMenu(table)
    _add_button(menu, bar.map, "link", f"{map_words or 'Map'}\tReturn")
    _add_button(menu, bar.unmap, "unlink", "Unmap the selected clients\tDel")
    menu.addSeparator()
    if show_passwords is not None:
        shown = menu.addAction(theme.icon("passwords"), "Show its passwords")
        shown.triggered.connect(lambda: show_passwords())
    copy = menu.addAction(theme.icon("copy"), "Copy the rows\tCtrl+C")
    copy.triggered.connect(table.copy_selection)
    return menu


def _add_button(menu: QMenu, button: QPushButton, icon: str, words: str) -> None:
    action = menu.addAction(theme.icon(icon), words.replace("&", "&&"))
    action.setEnabled(button.isEnabled())
    action.triggered.connect(button.click)
