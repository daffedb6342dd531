"""A backend as a PC has it, over a real MariaDB and a sandbox; a second PC is a second backend."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stickysync_gui.backend import Backend
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.settings import Profile
from tests.mariadb import Database

PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def sandbox():
    with SandboxServer(Glue()) as server:
        yield server


@pytest.fixture
def pc(automate: Database, sandbox: SandboxServer, tmp_path: Path) -> Callable[..., object]:
    """Opens a PC by name: its own settings, key store and history, connected to the one database."""
    address = DatabaseAddress(automate.host, automate.port, automate.schema, user="root", tls=TlsMode.OFF)

    @asynccontextmanager
    async def open_pc(name: str = "PC-1", **options: object) -> AsyncIterator[Backend]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        keychain = Keychain(ForgetfulStore(), environment={})
        history = History(folder / "history.sqlite")
        backend = Backend(folder / "settings.toml", keychain, history, itglue_url=sandbox.url)
        try:
            await backend.connect(Profile("p", name, address), None)
            await backend.create_tables()
            await backend.set_passphrase(PASSPHRASE)
            if backend.itglue_state is None:
                await backend.apply_key(Secret(f"  {sandbox.glue.key}\n"), None)
            chosen = replace(backend.settings.options, **options)
            backend.save_settings(replace(backend.settings, options=chosen))
            yield backend
        finally:
            await backend.close()

    return open_pc
