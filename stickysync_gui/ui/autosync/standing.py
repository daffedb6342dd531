"""What the window says of AutoSync: a line under the passwords, and banners under every tab."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from stickysync_gui.domain.autosync import OVERDUE_INTERVALS, AutoSyncState
from stickysync_gui.ui import theme
from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.ui.autosync.rounds import Rounds


def standing_words(state: AutoSyncState, looked_at: datetime) -> str:
    """When and where the last round ran and when the next is due, by this PC's clock.

    Args:
        looked_at: when the state was read, aware, local.
    """

    def here(moment: datetime) -> str:
        local = looked_at + (moment - state.now)
        return local.strftime("%H:%M") if local.date() == looked_at.date() else local.strftime("%d %b, %H:%M")

    last = state.last
    done = f"Last round {here(last.ended)} on {last.computer} ({last.who})" if last else "No round so far"
    if not state.ticked:
        return f"{done}, nothing is ticked"
    return f"{done}, next {'due now' if state.is_due else here(state.next_due)}"


def overdue_words(state: AutoSyncState) -> str:
    """Why somebody should look after AutoSync."""
    minutes = state.interval_minutes * OVERDUE_INTERVALS
    return (
        f"AutoSync is overdue: {counted(state.ticked, 'password')} should be kept in sync, but no round has ended well "
        f"for more than {minutes} min, on any PC. Keep StickySync open on a PC with “Run AutoSync on this PC”, "
        "or look at the problems there."
    )


class AutoSyncLine(QWidget):
    """The line under the passwords."""

    def __init__(self, rounds: Rounds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds = rounds
        self.words = label(quiet=True, wrap=False)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.words)
        rounds.changed.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        """Show how AutoSync stands."""
        rounds = self._rounds
        if rounds.state is None or rounds.looked_at is None:
            words = ""
        elif not rounds.runs_here:
            words = "This PC takes no part."
        elif rounds.paused:
            words = "Paused on this PC."
        elif rounds.other_plugin_links:
            words = "Waits until the other plugin is switched off."
        else:
            words = "Runs on this PC, too."
        if rounds.state is not None and rounds.looked_at is not None:
            words = f"AutoSync: {standing_words(rounds.state, rounds.looked_at)}. {words}"
        self.words.setText(words)
        self.words.setToolTip(words)


class AutoSyncBanners(QWidget):
    """What must not be overlooked, under every tab.

    Args:
        plugin_is_off: asks whether the Control Center plugin is switched off.
    """

    def __init__(self, rounds: Rounds, plugin_is_off: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds = rounds
        self.overdue = Banner()
        self.overdue.setAccessibleName("AutoSync is overdue")
        self.run_now = push_button("AutoSync now", rounds.run_now, icon="sync")
        self.overdue.add_button(self.run_now)
        self.plugin = Banner()
        self.plugin.setAccessibleName("The Control Center plugin seems to be active")
        self.plugin_off = push_button("The plugin is switched off", plugin_is_off, icon="check")
        self.plugin.add_button(self.plugin_off)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(4)
        layout.addWidget(self.plugin)
        layout.addWidget(self.overdue)
        rounds.changed.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        """Show or hide what there is to say."""
        rounds = self._rounds
        links, state = rounds.other_plugin_links, rounds.state
        words = (
            f"{counted(links, 'link')} {'was' if links == 1 else 'were'} synced by something else after StickySync's "
            "last run: the plugin in the Control Center seems to be active. Two that sync create entries twice, so "
            "AutoSync waits. To switch the plugin off: in the Control Center open Tools > Plugin Manager, disable "
            "StickySync there, and restart the Control Center; then say so here."
        )
        self.plugin.say("warning", theme.Tone.ALERT, words if links else "")
        overdue = state is not None and state.is_overdue and not links
        self.overdue.say("warning", theme.Tone.ALERT, overdue_words(state) if state and overdue else "")
        self.run_now.setEnabled(rounds.can_run)
        self.setVisible(bool(links) or overdue)
