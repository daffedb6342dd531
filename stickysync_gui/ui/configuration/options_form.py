"""The options: what a sync sends, when it asks, and what stops it. Each is saved as soon as it is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QSpinBox, QWidget

from stickysync_gui.domain.guards import GuardLimits
from stickysync_gui.domain.planned import Matching
from stickysync_gui.settings import AUTOSYNC_MINUTES, Options
from stickysync_gui.ui.autosync import tray
from stickysync_gui.ui.configuration.log_on import LogOnChoice
from stickysync_gui.ui.configuration.section import Section, buddy, field_line
from stickysync_gui.ui.controls import label
from stickysync_gui.ui.jobs import RUN, Jobs

if TYPE_CHECKING:
    from stickysync_gui.autostart import Autostart
    from stickysync_gui.backend import Backend

CATEGORIES = "Read the password categories"
MATCHING_WORDS = {
    Matching.LINK: "Link it, then update it",
    Matching.ASK: "Leave it until I pick",
    Matching.ALWAYS_CREATE: "Always create a new entry",
}


class OptionsForm(Section):
    """Edits `Settings.options`, and whether the program starts at log-on.

    Args:
        autostart: None offers no choice.
    """

    rules_changed = Signal()
    """An option that the plan depends on was changed."""
    conduct_changed = Signal()
    """An option of AutoSync or of the tray was changed."""

    def __init__(self, jobs: Jobs, autostart: Autostart | None = None, parent: QWidget | None = None) -> None:
        super().__init__("Options", "Saved on this PC as soon as you change them.", parent)
        self._jobs = jobs
        self.log_on = LogOnChoice(jobs, autostart) if autostart is not None else None
        self._backend: Backend | None = None
        self._filling = False
        self._add_entries()
        self._add_automate()
        self._add_autosync()
        self._add_window()
        self._add_guards()
        self.column.addStretch()
        jobs.changed.connect(self._show_usable)
        self._show_usable()

    def _add_entries(self) -> None:
        form = self._group("Entries in IT Glue")
        self.category = QComboBox()
        self.category.setAccessibleName("Category of new entries")
        self.category.setMinimumWidth(240)
        self.category.addItem("None", None)
        self.category.activated.connect(lambda _: self._save(category_id=self.category.currentData()))
        form.addRow(buddy("&Category of new entries", self.category), self.category)
        self.matching = QComboBox()
        self.matching.setAccessibleName("When an entry of the same name and user name exists")
        for matching, words in MATCHING_WORDS.items():
            self.matching.addItem(words, matching.value)
        self.matching.activated.connect(lambda _: self._save(matching=Matching(self.matching.currentData())))
        form.addRow(buddy("&An entry of that name exists", self.matching), self.matching)
        self.notes = self._check("Keep &notes in sync, too", "sync_notes", form)
        form.addRow("", _hint("Name, user name, password and URL are always kept in sync; notes are sent on creation."))
        self.preview = self._check(
            "Show a &preview before existing entries are linked or overwritten", "preview_first", form
        )
        self.bulk = self._check("&Bulk creation: 25 new entries per request", "bulk_creation", form)
        form.addRow(
            "", _hint("Faster for thousands of new entries. IT Glue does not document how a part of them fails.")
        )

    def _add_automate(self) -> None:
        form = self._group("Values in Automate")
        self.windows_1252 = self._check("Read &old values that are not UTF-8 as Windows-1252", "windows_1252", form)
        form.addRow("", _hint("For accents typed years ago. Without it such rows count as unreadable."))

    def _add_autosync(self) -> None:
        form = self._group("AutoSync")
        self.autosync_here = self._check("&Run AutoSync on this PC while StickySync is open", "autosync_here", form)
        least, usual, greatest = AUTOSYNC_MINUTES
        self.autosync_minutes = QSpinBox(minimum=least, maximum=greatest, value=usual, suffix=" min")
        self.autosync_minutes.setAccessibleName("Minutes between AutoSync rounds")
        self.autosync_minutes.setKeyboardTracking(False)
        self.autosync_minutes.valueChanged.connect(lambda minutes: self._save(autosync_minutes=minutes))
        form.addRow(buddy("A round e&very", self.autosync_minutes), self.autosync_minutes)
        form.addRow("", _hint("Keeps the ticked passwords equal. All PCs together run one round per interval."))

    def _add_window(self) -> None:
        self.to_tray = QCheckBox("Minimise to the &tray when the window is closed")
        self.to_tray.toggled.connect(lambda on: self._save(minimise_to_tray=on))
        has_tray = tray.is_available()
        form = self._group("Window") if has_tray or self.log_on is not None else None
        # Where there is no tray, the window could never be brought back.
        if form is not None and has_tray:
            form.addRow("", self.to_tray)
        else:
            self.to_tray.setParent(self)
            self.to_tray.hide()
        if form is not None and self.log_on is not None:
            form.addRow("", self.log_on)

    def _add_guards(self) -> None:
        form = self._group("A run stops before its first write when")
        self.overwrite_count = self._number("overwrite_count", 1, 100_000)
        self.overwrite_share = self._percent("overwrite_share")
        self.overwrite_floor = self._number("overwrite_floor", 0, 100_000)
        overwrites = field_line(
            self.overwrite_count,
            label("or", wrap=False),
            self.overwrite_share,
            label("of the links, at least", wrap=False),
            self.overwrite_floor,
        )
        form.addRow("it would overwrite more than", overwrites)
        self.missing_count = self._number("missing_count", 0, 100_000)
        self.missing_share = self._percent("missing_share")
        form.addRow(
            "linked entries are missing:", field_line(self.missing_count, label("and", wrap=False), self.missing_share)
        )
        self.passwords_share = self._percent("passwords_share")
        form.addRow(
            "Automate holds less than",
            field_line(self.passwords_share, label("of the last run's passwords", wrap=False)),
        )
        self.unreadable_share = self._percent("unreadable_share")
        form.addRow(
            "more than", field_line(self.unreadable_share, label("of the values cannot be decrypted", wrap=False))
        )
        form.addRow("", _hint("You may then go on by typing the number that it names."))

    # -- settings ----------------------------------------------------------------------------------------------------

    def set_backend(self, backend: Backend) -> None:
        """Use this backend's settings from now on."""
        self._backend = backend
        self.show_options(backend.settings.options)
        self._show_usable()

    def show_options(self, options: Options) -> None:
        """Show these options."""
        self._filling = True
        for box, on in (
            (self.notes, options.sync_notes),
            (self.preview, options.preview_first),
            (self.bulk, options.bulk_creation),
            (self.windows_1252, options.windows_1252),
            (self.autosync_here, options.autosync_here),
            (self.to_tray, options.minimise_to_tray),
        ):
            box.setChecked(on)
        self.matching.setCurrentIndex(self.matching.findData(options.matching.value))
        self._show_category(options.category_id)
        self.autosync_minutes.setValue(options.autosync_minutes)
        limits = options.guards
        for name in ("overwrite_count", "overwrite_floor", "missing_count"):
            self._spin(name).setValue(getattr(limits, name))
        for name in ("overwrite_share", "missing_share", "passwords_share", "unreadable_share"):
            self._spin(name).setValue(round(getattr(limits, name) * 100))
        self._filling = False

    def refresh(self) -> None:
        """Read the categories of the connected account."""
        if self._backend is not None and self._backend.itglue_state is not None:
            self._jobs.start(CATEGORIES, self._read_categories(self._backend), exclusive=CATEGORIES)

    async def _read_categories(self, backend: Backend) -> None:
        categories = await backend.categories()
        self.category.clear()
        self.category.addItem("None", None)
        for category in sorted(categories, key=lambda c: c.name.casefold()):
            self.category.addItem(category.name, category.id)
        self._show_category(backend.settings.options.category_id)

    def _show_category(self, category_id: int | None) -> None:
        if category_id is not None and self.category.findData(category_id) < 0:
            self.category.addItem(f"Category {category_id}", category_id)
        self.category.setCurrentIndex(max(0, self.category.findData(category_id)))

    def _save(self, **changes: Any) -> None:
        backend = self._backend
        if backend is None or self._filling:
            return
        old = backend.settings
        new = replace(old, options=replace(old.options, **changes))
        if new == old:
            return
        backend.save_settings(new)
        if {"matching", "sync_notes", "windows_1252"} & changes.keys():
            self.rules_changed.emit()
        if {"autosync_here", "autosync_minutes", "minimise_to_tray"} & changes.keys():
            self.conduct_changed.emit()

    def _save_limit(self, name: str, value: float) -> None:
        if self._backend is not None and not self._filling:
            change: dict[str, Any] = {name: value}
            self._save(guards=replace(self._backend.settings.options.guards, **change))

    def _show_usable(self) -> None:
        # A run goes on with the options it began with; showing others meanwhile would mislead.
        usable = self._backend is not None and not self._jobs.is_busy(RUN)
        for widget in self.findChildren(QWidget):
            if isinstance(widget, QCheckBox | QComboBox | QSpinBox):
                widget.setEnabled(usable)
        if self.log_on is not None:
            # No run depends on it.
            self.log_on.show_state()

    # -- controls ----------------------------------------------------------------------------------------------------

    def _group(self, title: str) -> QFormLayout:
        self.column.addSpacing(4)
        self.column.addWidget(label(title, bold=True))
        return self.add_form()

    def _check(self, text: str, name: str, form: QFormLayout) -> QCheckBox:
        box = QCheckBox(text)
        box.toggled.connect(lambda on: self._save(**{name: on}))
        form.addRow("", box)
        return box

    def _number(self, name: str, least: int, greatest: int) -> QSpinBox:
        return self._spin_box(name, least, greatest, lambda value: self._save_limit(name, value))

    def _percent(self, name: str) -> QSpinBox:
        box = self._spin_box(name, 0, 100, lambda value: self._save_limit(name, value / 100))
        box.setSuffix(" %")
        return box

    def _spin_box(self, name: str, least: int, greatest: int, save: Callable[[int], None]) -> QSpinBox:
        box = QSpinBox(minimum=least, maximum=greatest)
        box.setObjectName(name)
        box.setAccessibleName(name.replace("_", " ").replace("share", "share in percent"))
        box.setGroupSeparatorShown(True)
        # Half-typed numbers are no limits.
        box.setKeyboardTracking(False)
        box.setValue(round(getattr(GuardLimits(), name) * (100 if name.endswith("share") else 1)))
        box.valueChanged.connect(save)
        return box

    def _spin(self, name: str) -> QSpinBox:
        box = getattr(self, name)
        assert isinstance(box, QSpinBox)
        return box


def _hint(text: str) -> QWidget:
    made = label(text, quiet=True)
    made.setMinimumWidth(460)
    return made
