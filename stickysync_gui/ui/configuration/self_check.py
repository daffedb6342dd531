"""The self-check: what was looked at, how it stands, and what to do about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.ui import theme
from stickysync_gui.ui.configuration.section import Section
from stickysync_gui.ui.controls import label, push_button
from stickysync_gui.ui.jobs import Jobs
from stickysync_gui.ui.theme import Tone
from stickysync_gui.ui.wording import counted

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

CHECK = "Self-check"
ICON_SIZE = 20
LOOKS = {
    Verdict.OK: ("ok", Tone.GOOD, "in order"),
    Verdict.WARNING: ("warning", Tone.ALERT, "look at this"),
    Verdict.FAILED: ("error", Tone.BAD, "failed"),
    Verdict.NOT_CHECKED: ("not-checked", Tone.QUIET, "not checked"),
}


class FindingLine(QFrame):
    """One finding with its sign and remedy."""

    def __init__(self, finding: Finding) -> None:
        super().__init__()
        icon, tone, verdict = LOOKS[finding.verdict]
        sign = QLabel()
        sign.setPixmap(theme.pixmap(icon, tone, ICON_SIZE, self.devicePixelRatioF()))
        sign.setAccessibleName(verdict)
        sign.setToolTip(verdict)
        self.setAccessibleName(f"{finding.name}: {verdict}. {finding.words} {finding.remedy}")
        # What is in order takes one line, so that what is not stands out.
        brief = finding.verdict is Verdict.OK and not finding.remedy
        words = QHBoxLayout() if brief else QVBoxLayout()
        words.setSpacing(10 if brief else 1)
        words.addWidget(label(finding.name, bold=True, wrap=not brief))
        if finding.words:
            words.addWidget(label(finding.words, selectable=True), 1)
        if finding.remedy:
            words.addWidget(label(finding.remedy, quiet=True, selectable=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(10)
        layout.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)


class SelfCheck(Section):
    """Runs the check and lists its findings as they come in."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(
            "Self-check",
            "Looks at the database, its grants and tables, the encryption of passwords, the API key, its region and "
            "Password Access, the clock, and whether the Control Center plugin still syncs. It changes nothing.",
            parent,
        )
        self._jobs = jobs
        self._backend: Backend | None = None
        self.findings: list[Finding] = []
        self._cancelled = False
        self.run_button = push_button("Run the self-check", self.run, icon="self-check")
        self.copy = push_button("Copy", self._copy, icon="copy", tip="Copy the findings; they hold no secrets")
        self.cancel = push_button("Cancel", lambda: jobs.stop(CHECK), icon="close", shortcut="Esc")
        self.add_buttons(self.run_button, self.cancel, self.copy)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        self.column.addLayout(self._lines)
        self.column.addStretch()
        jobs.changed.connect(self.show_state)
        self.show_state()

    def set_backend(self, backend: Backend) -> None:
        """Use this backend from now on."""
        self._backend = backend
        self.show_state()

    def show_state(self) -> None:
        """Show the outcome so far, and enable what can be done."""
        on = self._jobs.is_on(CHECK)
        self.run_button.setEnabled(self._backend is not None and not on)
        self.cancel.setVisible(on)
        self.copy.setEnabled(bool(self.findings))
        failed = sum(1 for finding in self.findings if finding.verdict is Verdict.FAILED)
        warnings = sum(1 for finding in self.findings if finding.verdict is Verdict.WARNING)
        if on:
            self.banner.say("status-checking", Tone.NEW, "Checking…")
        elif self._cancelled:
            self.banner.say("info", Tone.QUIET, f"Cancelled after {counted(len(self.findings), 'check')}.")
        elif failed:
            self.banner.say("error", Tone.BAD, f"{counted(failed, 'check')} failed.")
        elif warnings:
            self.banner.say("warning", Tone.ALERT, f"{counted(warnings, 'warning')}, nothing failed.")
        elif self.findings:
            self.banner.say("ok", Tone.GOOD, "All checks passed.")
        else:
            self.banner.say("info", Tone.QUIET, "Not run yet.")

    def run(self) -> None:
        """Run the check."""
        if self._backend is not None:
            self._clear()
            self._jobs.start(CHECK, self._check(self._backend), exclusive=CHECK)

    async def _check(self, backend: Backend) -> None:
        self._cancelled = False
        try:
            await backend.self_check(self._add)
        except asyncio.CancelledError:
            self._cancelled = True
            raise

    def _add(self, finding: Finding) -> None:
        self.findings.append(finding)
        self._lines.addWidget(FindingLine(finding))

    def _clear(self) -> None:
        self.findings.clear()
        while (item := self._lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _copy(self) -> None:
        lines = [f"{LOOKS[f.verdict][2]}: {f.name}. {f.words} {f.remedy}".strip() for f in self.findings]
        QGuiApplication.clipboard().setText("\n".join(lines))
