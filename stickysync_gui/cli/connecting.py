"""Which database a call is about, and the way to it (product.md 9)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stickysync_gui import keychain
from stickysync_gui.cli.options import GlobalOptions
from stickysync_gui.cli.output import Output
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.errors import TlsNotOffered, UnknownCertificate, UsageError
from stickysync_gui.settings import Profile, Settings

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Chosen:
    """A database and how it was named.

    Args:
        password: given in STICKYSYNC_DATABASE; None takes the saved one.
        tls_by_default: nobody chose how the way is protected, so loopback may do without.
    """

    profile: Profile
    password: Secret | None = None
    tls_by_default: bool = False


def chosen_database(
    options: GlobalOptions, settings: Settings, backend: type[Backend], environment: Mapping[str, str] = os.environ
) -> Chosen:
    """The database that the call names: --database, else a profile, else STICKYSYNC_DATABASE.

    Raises:
        UsageError: none is named, or a URL or profile is wrong.
    """
    if options.tls_ca and options.tls not in (None, TlsMode.VERIFY):
        raise UsageError(
            happened=f"--tls-ca and --tls {options.tls} contradict each other.",
            unchanged="Nothing was contacted.",
            todo="Leave --tls away, or give --tls verify.",
        )
    if options.database:
        return _by_url(options.database, options, backend, password_allowed=False)
    profile = settings.profile(options.profile)
    if profile is not None:
        return Chosen(replace(profile, database=_protected(profile.database, options)))
    if options.profile:
        names = ", ".join(known.name for known in settings.profiles) or "none"
        raise UsageError(
            happened=f"There is no profile {options.profile!r}.",
            unchanged="Nothing was contacted.",
            todo=f"The profiles of this PC: {names}. The window's Configuration tab makes them.",
        )
    if url := environment.get("STICKYSYNC_DATABASE", ""):
        return _by_url(url, options, backend, password_allowed=True)
    raise UsageError(
        happened="No database is configured.",
        unchanged="Nothing was contacted.",
        todo="Give --database mysql+pymysql://USER@HOST:3306/labtech, set STICKYSYNC_DATABASE, "
        "or save a profile in the window.",
    )


def _by_url(url: str, options: GlobalOptions, backend: type[Backend], *, password_allowed: bool) -> Chosen:
    address, password = backend.address_of(url, password_allowed=password_allowed)
    chosen = _protected(address, options)
    profile = Profile(keychain.id_of_address(address), address.words(), chosen)
    return Chosen(profile, password, tls_by_default=options.tls is None and not options.tls_ca)


def _protected(address: DatabaseAddress, options: GlobalOptions) -> DatabaseAddress:
    if address.sqlite_file:
        return address
    if options.tls_ca:
        return replace(address, tls=TlsMode.VERIFY, tls_ca=options.tls_ca)
    return address if options.tls is None else replace(address, tls=options.tls)


async def connect(backend: Backend, options: GlobalOptions, output: Output) -> None:
    """Open the database that the call names; the first certificate is trusted, and said to be.

    Raises:
        UsageError: none is named. DatabaseUnreachable, DatabaseRefused: in words.
    """
    chosen = chosen_database(options, backend.settings, type(backend))
    profile = _with_known_certificate(chosen.profile, backend.settings)
    try:
        await backend.connect(profile, chosen.password, remember=False)
    except UnknownCertificate as unknown:
        if unknown.changed:
            unknown.todo = (
                "Find out why it changed. If the server got a new one, remove the old fingerprint from settings.toml, "
                "or check the new one with --tls-ca FILE."
            )
            raise
        backend.trust_certificate(profile.database, unknown.fingerprint)
        output.note(f"{unknown.happened}\nIt is trusted from now on, and any other will be refused.")
        await backend.connect(_with_known_certificate(profile, backend.settings), chosen.password, remember=False)
    except TlsNotOffered:
        if not _may_go_in_the_clear(chosen, profile.database):
            raise
        in_the_clear = replace(profile, database=replace(profile.database, tls=TlsMode.OFF))
        await backend.connect(in_the_clear, chosen.password, remember=False)


def _may_go_in_the_clear(chosen: Chosen, address: DatabaseAddress) -> bool:
    """Whether nobody chose TLS, nothing leaves this computer, and the server never showed a certificate before."""
    return chosen.tls_by_default and address.is_loopback and not address.pinned_fingerprint


def _with_known_certificate(profile: Profile, settings: Settings) -> Profile:
    address = profile.database
    if address.tls is not TlsMode.PIN or address.pinned_fingerprint:
        return profile
    known = settings.trusted_certificates.get(f"{address.host}:{address.port}", "")
    return replace(profile, database=replace(address, pinned_fingerprint=known))
