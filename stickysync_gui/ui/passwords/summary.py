"""What a run did, in one banner: counts, reasons, and "Retry failed"."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from stickysync_gui.domain.planned import Action
from stickysync_gui.domain.progress import Outcome, Summary
from stickysync_gui.ui import theme
from stickysync_gui.ui.banner import Banner
from stickysync_gui.ui.controls import push_button, tool_button
from stickysync_gui.ui.wording import counted, duration, elided

REASONS_SHOWN = 6
REASON_LENGTH = 90


def summary_words(name: str, summary: Summary) -> str:
    """The counts, what was skipped and why, requests and time."""
    ends = {"done": "", "rows_failed": "", "cancelled": " – stopped by you"}
    ended = ends.get(summary.ended, " – stopped before its end")
    effort = f"{counted(summary.requests, 'request')} in {duration(summary.seconds)}"
    lines = [f"{name}{ended}: {summary.sentence()}. {effort}."]
    skipped = skipped_by_reason(summary)
    if skipped:
        shown = [f"{elided(reason, REASON_LENGTH)} ({count:,})" for reason, count in skipped.most_common(REASONS_SHOWN)]
        more = f", and {len(skipped) - REASONS_SHOWN} more reasons" if len(skipped) > REASONS_SHOWN else ""
        lines.append("Skipped: " + "; ".join(shown) + more + ".")
    return "\n".join(lines)


def skipped_by_reason(summary: Summary) -> Counter[str]:
    """Skipped rows: by status where the plan had nothing to do, else by the reason that came in between."""
    counts: Counter[str] = Counter()
    for step in summary.steps:
        if step.outcome is Outcome.SKIPPED:
            idle = step.action is Action.NONE
            counts[step.status.label if idle else (step.reason or step.status.label).rstrip(".")] += 1
    return counts


class SummaryBanner(Banner):
    """Shows the last run until it is put away."""

    retry_asked = Signal()
    show_failed_asked = Signal()
    details_asked = Signal(str)
    """The id of the run whose rows are to be shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Summary of the last run")
        self.show_failed = push_button("Show failed", self.show_failed_asked.emit, icon="filter")
        self._run_id = ""
        self.details = push_button(
            "Details…",
            lambda: self.details_asked.emit(self._run_id),
            icon="history",
            tip="Show the rows of the run, to look through and to export",
        )
        self.retry = push_button("Retry failed", self.retry_asked.emit, icon="sync")
        for button in (
            self.show_failed,
            self.retry,
            self.details,
            tool_button("close", "Put the summary away", self.hide),
        ):
            self.add_button(button)

    def show_summary(self, words: str, failed: int, summary: Summary) -> None:
        """Show how a run ended.

        Args:
            words: what `summary_words` makes of it.
            failed: how many rows failed.
        """
        self._run_id = summary.run_id
        self.details.setVisible(summary.history_kept)
        self.show_failed.setText(f"Show failed ({failed:,})")
        self.show_failed.setVisible(failed > 0)
        self.retry.setVisible(failed > 0)
        if failed:
            look = ("error", theme.Tone.BAD)
        elif summary.ended == "done":
            look = ("ok", theme.Tone.GOOD)
        else:
            look = ("warning", theme.Tone.ALERT)
        self.say(*look, words)
