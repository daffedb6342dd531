"""A database address from a SQLAlchemy URL, as the console takes it."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import UsageError


def address_from_url(url: str, *, password_allowed: bool) -> tuple[DatabaseAddress, Secret | None]:
    """Parse `mysql+pymysql://user@host:3306/labtech` or `sqlite:///file`.

    Args:
        password_allowed: only in the environment; a command line is visible to others.

    Raises:
        UsageError: the URL is wrong, or carries a password where it may not. The message never repeats the URL.
    """
    parsed = _parsed(url)
    if parsed is None:
        raise _wrong("The database URL cannot be read.")
    if parsed.password and not password_allowed:
        raise UsageError(
            happened="The database URL holds a password, and a command line can be read by others.",
            unchanged="It was not used.",
            todo="Leave it out and set STICKYSYNC_DB_PASSWORD or STICKYSYNC_DB_PASSWORD_FILE, or save it in a profile.",
        )
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return DatabaseAddress(sqlite_file=parsed.database, schema="labtech", tls=TlsMode.OFF), None
    if parsed.get_backend_name() not in ("mysql", "mariadb"):
        raise _wrong("Automate's database is MySQL.")
    if not parsed.host or not parsed.username:
        raise _wrong("The database URL names no host or no user.")
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise _wrong("The database URL's port is no port number.")
    address = DatabaseAddress(parsed.host, parsed.port or 3306, parsed.database or "labtech", parsed.username)
    return address, Secret(str(parsed.password)) if parsed.password else None


def _parsed(url: str) -> URL | None:
    # Returned instead of raised: an exception in an except block would drag the parser's, with the URL, behind it.
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None


def _wrong(happened: str) -> UsageError:
    return UsageError(
        happened=happened,
        unchanged="Nothing was contacted.",
        todo="Write it like mysql+pymysql://stickysync@automate.example:3306/labtech",
    )
