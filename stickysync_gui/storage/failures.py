"""What MySQL's error numbers mean for the user. Statements, values and log-ins never get into the sentences."""

from __future__ import annotations

import re
import socket
import sqlite3
import ssl

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    StickySyncError,
    TablesMissing,
    TlsNotOffered,
    UnknownCertificate,
)
from stickysync_gui.storage import connecting
from stickysync_gui.storage.tls import CertificateRefused

LOCK_WAIT, DEADLOCK, DUPLICATE, GONE_AWAY, LOST_IN_QUERY = 1205, 1213, 1062, 2006, 2013
LOST = frozenset({GONE_AWAY, LOST_IN_QUERY, 0, 1053, 1927, 4031})
"""The connection died. PyMySQL reports a closed one as 0; 1053, 1927 and 4031 are a server's last words on it."""
REPEATABLE = LOST | {LOCK_WAIT, DEADLOCK, DUPLICATE}
"""A unit is repeated whole after these. A duplicate: somebody else wrote the row after it was looked for."""
DENIED = frozenset({1142, 1143})
"""A right on a table or on a column is missing."""

UNCHANGED = "Nothing was changed."
_CAUSES = (
    "Check host and port, that the server is up, and that a firewall lets this PC reach it. "
    "Cloud-hosted Automate offers no MySQL connection at all: then this program cannot be used with it."
)
_PLUGINS = "plugin_stickysync_"
_ALL_GRANTS = "All grants at once: stickysync setup --show-sql."


def error_code(error: BaseException) -> int | None:
    """The MySQL error number inside a SQLAlchemy or PyMySQL exception; None when it carries none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if original is None or isinstance(original, OSError) or not original.args:
        # The first argument of an OSError is a number too, but of the system's.
        return None
    first = original.args[0]
    return first if isinstance(first, int) else None


def was_refused(error: BaseException) -> bool:
    """Whether the server itself answered with this error, so that its session goes on."""
    code = error_code(error)
    # The client's own are those from 2000 on.
    return code is not None and code not in LOST and not 2000 <= code < 3000


def translate(error: Exception, address: DatabaseAddress) -> StickySyncError:
    """The failure in three sentences.

    Args:
        error: what SQLAlchemy, PyMySQL or the socket raised.
        address: the database it was about.
    """
    where = address.words()
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    cause = getattr(original, "original_exception", None) or original
    if isinstance(cause, ssl.SSLError):
        return _tls_failed(cause, address)
    code = error_code(error)
    if code in (2002, 2003, 2005):
        return DatabaseUnreachable(happened=_no_connection(cause, where), unchanged=UNCHANGED, todo=_CAUSES)
    words = str(original.args[1]) if len(original.args) > 1 else ""
    known = _login(code, address) or _connection(code, where) or _statement(code, words, address)
    if known is not None:
        return known
    if isinstance(original, sqlite3.Error):
        # SQLite's words name tables and columns, never values.
        return _refused(f"{where}: {original}.", "Check the file and its folder.")
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError):
        return _refused(f"The database call to {where} failed ({type(error).__name__}).", "Report this as a bug.")
    if isinstance(original, OSError):
        return _refused(
            f"{type(original).__name__}: {original.strerror or original}.", "Check the path and its rights."
        )
    number = f" {code}" if code is not None else ""
    return _refused(f"The database at {where} answered with error{number}.", "Run the self-check (stickysync doctor).")


def _refused(happened: str, todo: str) -> DatabaseRefused:
    return DatabaseRefused(happened=happened, unchanged=UNCHANGED, todo=todo)


def _tls_failed(cause: ssl.SSLError, address: DatabaseAddress) -> DatabaseRefused:
    where = address.words()
    if isinstance(cause, CertificateRefused):
        return UnknownCertificate(fingerprint=cause.fingerprint, changed=bool(cause.pinned), host=address.host)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _unverified(cause, address)
    return _refused(
        f"The TLS connection to {where} failed ({cause.reason or 'no reason given'}). The log-in was not sent.",
        "The server's TLS may be too old, or something in between may break it. Let a DBA look at its TLS settings.",
    )


_UNTRUSTED = (18, 19, 20, 21)
"""OpenSSL's numbers for an authority that nobody knows, or that signed itself."""


def _unverified(cause: ssl.SSLCertVerificationError, address: DatabaseAddress) -> DatabaseRefused:
    why, todo = f"{cause.verify_message}", "Give the right CA file and host name, or pin the certificate."
    if cause.verify_code in _UNTRUSTED:
        by = f"the CA file {address.tls_ca}" if address.tls_ca else "this PC's own list"
        why = f"its authority is not in {by}"
        todo = "Choose the file of the authority that signed it as CA file; or choose to pin the certificate."
    elif cause.verify_code in (62, 64):
        why = f"it is made out to another name than {address.host}"
        todo = "Enter the host as the certificate names it; or choose to pin the certificate."
    elif cause.verify_code == 10:
        why = "it has expired"
        todo = "Let the server's administrator renew it, and check this PC's date. Until then it can be pinned."
    elif cause.verify_code == 9:
        why, todo = "it is not valid yet", "Check the dates of this PC and of the server."
    return _refused(
        f"The certificate of {address.words()} could not be verified: {why}.", f"{todo} The log-in was not sent."
    )


def _no_connection(cause: BaseException, where: str) -> str:
    match cause:
        case TimeoutError():
            return f"{where} did not answer within {connecting.CONNECT_SECONDS:g} seconds."
        case ConnectionRefusedError():
            return f"{where} refused the connection."
        case socket.gaierror() | UnicodeError():
            return f"The host name of {where} is not known."
        case OverflowError():
            return f"{where} cannot be reached: there is no such port."
        case connecting.NotMySql():
            return f"What answers at {where} is no MySQL server."
        case OSError(strerror=str(reason)):
            return f"{where} cannot be reached ({reason})."
        case _:
            return f"{where} cannot be reached."


def _login(code: int | None, address: DatabaseAddress) -> StickySyncError | None:
    """Sentences for what a server says before it takes a statement."""
    where, user, schema = address.words(), address.user, address.schema
    match code:
        case 1045 | 1698:
            tls = " Or server or account demand TLS, which this profile has off." if address.tls is TlsMode.OFF else ""
            return _refused(f"{where} refuses user {user!r} with this password.", f"Check user name and password.{tls}")
        case 1820 | 1862:
            return _refused(f"On {where} the password of user {user!r} has expired.", "Let a DBA set a new one.")
        case 3118 | 4151:
            return _refused(f"On {where} the account of user {user!r} is locked.", "Let a DBA unlock it.")
        case 1130 | 1129:
            return _refused(
                f"{where} accepts no log-in from this PC.",
                f"Create the account {user!r} for this PC's address or subnet (stickysync setup --show-sql).",
            )
        case 1044 | 1049:
            return _refused(
                f"User {user!r} may not use a schema {schema!r} on {where}, or there is none.",
                "Check the schema's name (default: labtech), or let a DBA grant access (stickysync setup --show-sql).",
            )
        case 2026:
            return TlsNotOffered(
                happened=f"{where} offers no TLS, and this profile demands it. The log-in was not sent.",
                unchanged=UNCHANGED,
                todo="Switch TLS on at the server, or change the profile's TLS setting.",
            )
        case 3159:
            return _refused(
                f"{where} takes encrypted connections only, and this profile has TLS off.",
                "Change the profile's TLS setting to verify or pin.",
            )
        case 2059:
            return _refused(
                f"{where} asks user {user!r} to log in by a way that this program does not know, or not without TLS.",
                "Switch TLS on, or use an account with caching_sha2_password or mysql_native_password.",
            )
        case 1040 | 1203 | 1226:
            return _refused(f"{where} takes no more connections.", "Try again later, or have the limit raised.")
        case _:
            return None


def _connection(code: int | None, where: str) -> StickySyncError | None:
    if code not in LOST:
        return None
    return DatabaseUnreachable(
        happened=f"The connection to {where} was lost.",
        unchanged="What was stored before stays; the statement under way was undone.",
        todo="Check server and network, then try again.",
    )


def _statement(code: int | None, words: str, address: DatabaseAddress) -> StickySyncError | None:
    """Sentences for the refusals of a statement that a technician meets (automate-db.md 8)."""
    where, schema = address.words(), address.schema
    match code:
        case 1142 | 1143 | 1370:
            return _missing_grant(words, address.user, schema)
        case 1146:
            return _missing_table(words, schema)
        case 1054:
            column = (re.search(r"'([^']+)'", words) or ["", "?"])[1]
            return _refused(f"A table in {schema!r} has no column {column}.", "Check that this is Automate's database.")
        case 1264 | 1406:
            return _refused("A value does not fit its column.", "See the column's ALTER TABLE in the self-check.")
        case 1290 | 1836 | 1792:
            return _refused(f"{where} is read-only (a replica?).", "Looking and planning work; sync needs the primary.")
        case 1205 | 1213:
            return _refused(f"Rows on {where} stayed locked by somebody else.", "Try again in a moment.")
        case _:
            return None


def _missing_grant(words: str, user: str, schema: str) -> DatabaseRefused:
    command = (re.match(r"([A-Z][A-Z ,]*?) command denied", words) or ["", "?"])[1]
    column = re.search(r"for column '([^']+)'", words)
    # MariaDB names `schema`.`table`, MySQL 'table' alone.
    named = re.search(r"(?:for|in) (?:table|routine) (.+)$", words)
    table = re.split(r"[`']?\.[`']?", named[1].strip("`'"))[-1] if named else "?"
    # On the plugin's tables rights go by table; a server names a column when an UPDATE may not read what it looks for.
    thing = f"{command} ({column[1]})" if column and not table.startswith(_PLUGINS) else command
    return _refused(
        f"User {user!r} lacks the right {thing} on {schema}.{table}.",
        f"Let a DBA run:\nGRANT {thing} ON `{schema}`.`{table}` TO <account>;\n{_ALL_GRANTS}",
    )


def _missing_table(words: str, schema: str) -> TablesMissing:
    table = (re.search(r"'(?:[^'.]+\.)?([^']+)'", words) or ["", "?"])[1]
    if table.startswith(_PLUGINS):
        todo = "Create it with `stickysync setup` or on the Configuration tab, or hand the SQL to a DBA (--show-sql)."
    else:
        todo = "Check that the schema is Automate's (default: labtech)."
    return TablesMissing(happened=f"There is no table {table} in {schema!r}.", unchanged=UNCHANGED, todo=todo)
