"""What MySQL's error numbers mean for the user. Statements, values and log-ins never get into the sentences."""

from __future__ import annotations

import re
import ssl

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    StickySyncError,
    TablesMissing,
    UnknownCertificate,
)
from stickysync_gui.storage.tls import CertificateRefused

LOCK_WAIT, DEADLOCK, GONE_AWAY, LOST_IN_QUERY = 1205, 1213, 2006, 2013
LOST = frozenset({GONE_AWAY, LOST_IN_QUERY, 0})
"""The connection died; PyMySQL reports a closed one as 0."""
REPEATABLE = frozenset({LOCK_WAIT, DEADLOCK, GONE_AWAY, LOST_IN_QUERY, 0})

UNCHANGED = "Nothing was changed."
_CAUSES = (
    "Check host and port, that the server is up, and that a firewall lets this PC reach it. "
    "Cloud-hosted Automate offers no MySQL connection at all: then this program cannot be used with it."
)


def error_code(error: BaseException) -> int | None:
    """The MySQL error number inside a SQLAlchemy or PyMySQL exception; None when it carries none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    first = original.args[0] if original is not None and original.args else None
    return first if isinstance(first, int) else None


def translate(error: Exception, address: DatabaseAddress) -> StickySyncError:
    """The failure in three sentences.

    Args:
        error: what SQLAlchemy, PyMySQL or the socket raised.
        address: the database it was about.
    """
    where, user = address.words(), address.user
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    cause = getattr(original, "original_exception", None) or original
    if isinstance(cause, CertificateRefused):
        return UnknownCertificate(fingerprint=cause.fingerprint, changed=bool(cause.pinned), host=address.host)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _refused(
            f"The certificate of {where} could not be verified: {cause.verify_message}.",
            "Give the right CA file and host name, or pin the certificate. The log-in was not sent.",
        )
    if isinstance(cause, ssl.SSLError):
        return _refused(f"The TLS connection to {where} failed ({cause.reason or 'no reason given'}).", _CAUSES)
    code = error_code(error)
    words = str(original.args[1]) if len(original.args) > 1 else type(original).__name__
    known = _known(code, words, where, user, address.schema)
    if known is not None:
        return known
    if isinstance(error, SQLAlchemyError) and not isinstance(error, DBAPIError):
        return _refused(f"The database call to {where} failed ({type(error).__name__}).", "Report this as a bug.")
    if isinstance(original, OSError) and code is None:
        return _refused(f"{type(original).__name__}: {original.strerror or original}", "Check the path and its rights.")
    number = f" {code}" if code is not None else ""
    return _refused(f"The database at {where} answered with error{number}.", "Run the self-check (stickysync doctor).")


def _refused(happened: str, todo: str) -> DatabaseRefused:
    return DatabaseRefused(happened=happened, unchanged=UNCHANGED, todo=todo)


def _known(code: int | None, words: str, where: str, user: str, schema: str) -> StickySyncError | None:
    """Sentences for the error numbers that a technician meets (automate-db.md 8)."""
    match code:
        case 2003 | 2002 | 2005:
            return DatabaseUnreachable(happened=_no_connection(words, where), unchanged=UNCHANGED, todo=_CAUSES)
        case 2006 | 2013 | 0:
            return DatabaseUnreachable(
                happened=f"The connection to {where} was lost.",
                unchanged="What was stored before stays; the statement under way was undone.",
                todo="Check server and network, then try again.",
            )
        case 2026 | 3159:
            return _refused(
                f"{where} and this profile do not agree on TLS: one demands it, the other does not offer it.",
                "Switch TLS on at the server, or change the profile's TLS setting. The log-in was not sent.",
            )
        case 1045:
            return _refused(f"{where} refuses user {user!r} with this password.", "Check user name and password.")
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
        case 1142 | 1143 | 1370:
            return _missing_grant(words, user, schema)
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
        case 1040 | 1203 | 1226:
            return _refused(f"{where} takes no more connections.", "Try again later, or have the limit raised.")
        case _:
            return None


def _no_connection(words: str, where: str) -> str:
    lowered = words.casefold()
    if "timed out" in lowered:
        return f"{where} did not answer within 10 seconds."
    if "refused" in lowered:
        return f"{where} refused the connection."
    if "name" in lowered and ("resolution" in lowered or "not known" in lowered or "getaddrinfo" in lowered):
        return f"The host name of {where} is not known."
    return f"{where} cannot be reached."


def _missing_grant(words: str, user: str, schema: str) -> DatabaseRefused:
    command = (re.match(r"(\w+)", words) or ["", "?"])[1]
    tables = re.search(r"for (?:table|routine) [`']?(?:[\w$]+[`']?\.[`']?)?([\w$.]+)", words)
    column = re.search(r"column '([^']+)'", words)
    thing = f"{command}{f' ({column[1]})' if column else ''}"
    table = tables[1] if tables else "?"
    return _refused(
        f"User {user!r} lacks the right {thing} on {schema}.{table}.",
        f"Let a DBA run:\nGRANT {thing} ON `{schema}`.`{table}` TO <account>;\n"
        "All grants at once: stickysync setup --show-sql.",
    )


def _missing_table(words: str, schema: str) -> TablesMissing:
    table = (re.search(r"'(?:[^'.]+\.)?([^']+)'", words) or ["", "?"])[1]
    if table.startswith("plugin_stickysync_"):
        todo = "Create it with `stickysync setup` or on the Configuration tab, or hand the SQL to a DBA (--show-sql)."
    else:
        todo = "Check that the schema is Automate's (default: labtech)."
    return TablesMissing(happened=f"There is no table {table} in {schema!r}.", unchanged=UNCHANGED, todo=todo)
