"""What a scheduled task needs to do by itself what this call can do: options, settings and secrets."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from stickysync_gui import settings
from stickysync_gui.cli.connecting import chosen_database
from stickysync_gui.cli.output import Document, table
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.domain.connection import DatabaseAddress, KeyState
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ExitCode, UsageError
from stickysync_gui.keychain import Keychain
from stickysync_gui.schedule.private_folder import write_secrets
from stickysync_gui.schedule.windows import TaskState
from stickysync_gui.settings import Profile, Settings

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend

_ENDS = {
    ExitCode.DONE: "done",
    ExitCode.ROWS_FAILED: "some rows failed",
    ExitCode.USAGE: "the call or the settings are wrong",
    ExitCode.DATABASE: "the database cannot be reached or refuses",
    ExitCode.ITGLUE: "IT Glue refuses the key or cannot be reached",
    ExitCode.GUARD: "a guard stopped the run",
    ExitCode.LOCK: "the run lock was lost",
    ExitCode.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Ready:
    """A call that reached both systems.

    Args:
        profile: with the address as it was reached, the confirmed certificate included.
        key: what is known of the stored key. password, passphrase, api_key: as this call has them.
    """

    profile: Profile
    settings: Settings
    key: KeyState
    password: Secret | None
    passphrase: Secret | None
    api_key: Secret | None


def found_ready(program: Program) -> Ready:
    """Reach both systems as a round would, so that nothing is registered that cannot work.

    Raises:
        StickySyncError: it cannot; also where this call would end with a code of its own.
    """
    found: list[Ready] = []

    async def act(backend: Backend) -> int:
        # Without our tables there are no rounds.
        await backend.autosync_state()
        await backend.check_stored_key()
        assert backend.database_state is not None
        chosen = chosen_database(program.options, backend.settings, type(backend))
        keychain = Keychain()
        found.append(
            Ready(
                replace(chosen.profile, database=backend.database_state.address),
                backend.settings,
                await backend.key_state(),
                chosen.password or keychain.database_password(chosen.profile.id),
                keychain.passphrase(chosen.profile.id),
                keychain.api_key(),
            )
        )
        return ExitCode.DONE

    program.run(act, Reach.ITGLUE)
    return found[0]


def keep_for_user(program: Program, ready: Ready) -> None:
    """Put into the user's key store what only this shell's environment knows; a task does not have that.

    Raises:
        UsageError: the API key stands in the environment alone. KeyStoreUnavailable: it was not kept.
    """
    if ready.key is not KeyState.READABLE:
        raise UsageError(
            happened="The API key stands in this shell's environment alone, which a task does not have.",
            unchanged="Nothing was registered.",
            todo="Store it (stickysync key set), or give --account and --secrets-dir.",
        )
    store, id_ = Keychain(environment={}), ready.profile.id
    if ready.password is not None and store.database_password(id_) != ready.password:
        store.keep_database_password(id_, ready.password)
        program.output.note("The database password is kept in this user's key store, for the task.")
    if ready.passphrase is not None and store.passphrase(id_) != ready.passphrase:
        store.keep_passphrase(id_, ready.passphrase)
        program.output.note("The passphrase is kept in this user's key store, for the task.")


def fill_folder(folder: Path, ready: Ready, minutes: int) -> None:
    """Write settings and secrets of a task without a login into its folder."""
    options = replace(ready.settings.options, autosync_minutes=minutes)
    own = Settings((ready.profile,), ready.profile.id, options)
    settings.save(own, folder / "settings.toml")
    write_secrets(
        folder,
        {
            "STICKYSYNC_DB_PASSWORD": ready.password,
            "STICKYSYNC_PASSPHRASE": ready.passphrase,
            "STICKYSYNC_API_KEY": ready.api_key,
        },
    )


# --- the command line of a task ---------------------------------------------------------------------------------


def own_command() -> list[str]:
    """How this console program is started again: its executable, or Python with its module."""
    if getattr(sys, "frozen", False):
        return [str(Path(sys.executable).with_name(f"stickysync{Path(sys.executable).suffix}"))]
    return [sys.executable, "-m", "stickysync_gui.cli"]


def options_of_folder(program: Program, folder: Path) -> list[str]:
    """Options of a task whose settings and secrets stand in a folder of its own."""
    return ["--home", str(folder), *_itglue_option(program)]


def given_options(program: Program) -> list[str]:
    """The options that this call was given, and what its environment says instead, as options."""
    options = program.options
    home = options.home or os.environ.get("STICKYSYNC_HOME", "")
    return [
        *(["--home", str(Path(home).absolute())] if home else []),
        *(["--profile", options.profile] if options.profile else []),
        *(["--database", options.database] if options.database else []),
        *(["--tls", options.tls.value] if options.tls else []),
        *(["--tls-ca", str(Path(options.tls_ca).absolute())] if options.tls_ca else []),
        *_itglue_option(program),
    ]


def own_options(program: Program, ready: Ready) -> list[str]:
    """Options of a task of this user, with the database named even where this call took it from the environment."""
    given = given_options(program)
    if program.options.database or ready.settings.profile(program.options.profile) is not None:
        return given
    address = ready.profile.database
    tls = ["--tls-ca", address.tls_ca] if address.tls_ca else ["--tls", address.tls.value]
    return [*given, "--database", _url(address), *([] if program.options.tls or program.options.tls_ca else tls)]


def _itglue_option(program: Program) -> list[str]:
    url = program.options.itglue_url or os.environ.get("STICKYSYNC_ITGLUE_URL", "")
    return ["--itglue-url", url] if url else []


def _url(address: DatabaseAddress) -> str:
    if address.sqlite_file:
        return f"sqlite:///{address.sqlite_file}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"mysql+pymysql://{quote(address.user, safe='')}@{host}:{address.port}/{quote(address.schema, safe='')}"


# --- what became of a task --------------------------------------------------------------------------------------


def read_report(file: Path) -> Document | None:
    """What `doctor --report` wrote; None when it never came to that."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def state_document(state: TaskState) -> Document:
    """A task as scripts get it."""
    return {**asdict(state), "last_result_words": _result_words(state)}


def states_table(states: Sequence[TaskState]) -> Any:
    """The tasks, a line each."""
    return table(
        ("Task", "State", "Next run", "Last run", "How it ended"),
        ((s.name, s.state, s.next_run, s.last_run, _result_words(s)) for s in states),
    )


def _result_words(state: TaskState) -> str:
    code = state.last_result
    if code is None:
        return "has not ended yet"
    return f"{code}: {_ENDS[ExitCode(code)]}" if code in list(_ENDS) else f"Windows' reason {code:#x}"
