"""The fields of a database address, and what each way of TLS means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QComboBox, QFormLayout, QSpinBox

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.ui.configuration.section import buddy, field_line
from stickysync_gui.ui.controls import FIELD_WIDTH, label, line_edit, push_button

TLS_WORDS = {
    TlsMode.PIN: (
        "Pin the server's certificate",
        "The certificate is shown once for you to confirm; any other is refused. Right for the certificates that "
        "MySQL makes for itself.",
    ),
    TlsMode.VERIFY: (
        "Verify with a certificate authority",
        "Authority and host name are checked, with the system's authorities or with the file below.",
    ),
    TlsMode.OFF: (
        "Off – unprotected",
        "Log-in and data cross the network in the clear. The status bar keeps saying so.",
    ),
}
FINGERPRINT_SHOWN = 24


class AddressFields:
    """Host, port, schema, user, password and TLS, as rows of a form.

    Args:
        form: gets the rows.
        browse: lets the user pick the file of a certificate authority.
    """

    def __init__(self, form: QFormLayout, browse: Callable[[], None]) -> None:
        self._form = form
        self._address = DatabaseAddress()
        self.host = line_edit("Host", prompt="automate-db.example.local")
        self.port = QSpinBox(minimum=1, maximum=65535, value=3306)
        self.port.setAccessibleName("Port")
        self.port.setGroupSeparatorShown(False)
        self.schema = line_edit("Schema", prompt="labtech")
        self.user = line_edit("User")
        self.password = line_edit("Database password", secret=True)
        self.tls = QComboBox()
        self.tls.setAccessibleName("TLS")
        for mode, (name, _) in TLS_WORDS.items():
            self.tls.addItem(name, mode.value)
        self.tls.currentIndexChanged.connect(self._show_tls)
        self._tls_words = label(quiet=True)
        self._tls_words.setFixedWidth(FIELD_WIDTH + 60)
        self.ca_file = line_edit("CA file", prompt="The system's authorities")
        self._ca = field_line(self.ca_file, push_button("Browse…", browse))
        self.fingerprint = label(selectable=True, wrap=False)
        self.forget = push_button("Forget", self._forget, tip="Ask again at the next connection")
        self._pin = field_line(self.fingerprint, self.forget)
        for text, widget in (
            ("&Host", self.host),
            ("P&ort", self.port),
            ("&Schema", self.schema),
            ("&User", self.user),
            ("Pass&word", self.password),
            ("&TLS", self.tls),
        ):
            form.addRow(buddy(text, widget), widget)
        form.addRow("", self._tls_words)
        form.addRow(buddy("&CA file", self.ca_file), self._ca)
        form.addRow("Certificate", self._pin)
        self.show(self._address, password_known=False)

    def show(self, address: DatabaseAddress, *, password_known: bool) -> None:
        """Show an address; a known password is hinted at, never shown."""
        self._address = address
        self.host.setText(address.host or address.sqlite_file)
        self.port.setValue(address.port)
        self.schema.setText(address.schema)
        self.user.setText(address.user)
        self.password.clear()
        self.password.setPlaceholderText("Kept in this PC's key store" if password_known else "")
        self.tls.setCurrentIndex(max(0, self.tls.findData(address.tls.value)))
        self.ca_file.setText(address.tls_ca)
        self._show_tls()

    def address(self) -> DatabaseAddress:
        """The address as it stands in the form."""
        if self._address.sqlite_file:
            return self._address
        host = self.host.text().strip()
        # A certificate was confirmed for one server, not for whatever is typed next.
        same = (host, self.port.value()) == (self._address.host, self._address.port)
        return replace(
            self._address,
            host=host,
            port=self.port.value(),
            schema=self.schema.text().strip() or DatabaseAddress().schema,
            user=self.user.text().strip(),
            tls=self._mode(),
            tls_ca=self.ca_file.text().strip(),
            pinned_fingerprint=self._address.pinned_fingerprint if same else "",
        )

    def enable(self, enabled: bool) -> None:
        """Let the fields be edited, or not."""
        enabled = enabled and not self._address.sqlite_file
        fields = (self.host, self.port, self.schema, self.user, self.password, self.tls, self._ca, self.forget)
        for widget in fields:
            widget.setEnabled(enabled)

    def _mode(self) -> TlsMode:
        return TlsMode(self.tls.currentData())

    def _show_tls(self, *_: object) -> None:
        mode = self._mode()
        self._tls_words.setText(TLS_WORDS[mode][1])
        server = not self._address.sqlite_file
        self._form.setRowVisible(self.tls, server)
        self._form.setRowVisible(self._tls_words, server)
        self._form.setRowVisible(self._ca, server and mode is TlsMode.VERIFY)
        self._form.setRowVisible(self._pin, server and mode is TlsMode.PIN)
        pinned = self._address.pinned_fingerprint
        self.fingerprint.setText(f"{grouped(pinned)[:FINGERPRINT_SHOWN]}…" if pinned else "None confirmed yet")
        self.fingerprint.setToolTip(grouped(pinned))
        self.forget.setVisible(bool(pinned))

    def _forget(self) -> None:
        self._address = replace(self._address, pinned_fingerprint="")
        self._show_tls()


def grouped(fingerprint: str) -> str:
    """A fingerprint as certificates show it: AB:CD:…"""
    return ":".join(fingerprint[n : n + 2] for n in range(0, len(fingerprint), 2)).upper()
