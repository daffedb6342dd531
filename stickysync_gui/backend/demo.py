"""Demo mode: the same backend over an embedded database and our own IT Glue sandbox on loopback (product.md 11)."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from stickysync_gui.backend.core import Backend
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.history import History
from stickysync_gui.keychain import ForgetfulStore, Keychain
from stickysync_gui.sandbox.demo import Demo, build_demo
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.settings import Profile


class DemoBackend(Backend):
    """A backend whose two systems live in this process and in a temporary folder; both are thrown away at the end."""

    demo = True

    def __init__(self, folder: Path) -> None:
        # No environment: a real key or database of this PC has no place in the demo.
        keychain = Keychain(ForgetfulStore(), environment={})
        super().__init__(folder / "settings.toml", keychain, History(folder / "history.sqlite"))
        self._folder = folder
        self._server: SandboxServer | None = None
        self._building: asyncio.Task[Demo] | None = None

    @property
    def sandbox(self) -> SandboxServer:
        """The running IT Glue stand-in."""
        if self._server is None:
            raise RuntimeError("the demo was not started")
        return self._server

    async def start(self) -> None:
        """Build the demo data, serve the sandbox and connect to both."""
        self._building = asyncio.create_task(asyncio.to_thread(build_demo, self._folder))
        demo = await asyncio.shield(self._building)
        self._server = SandboxServer(demo.glue)
        await asyncio.to_thread(self._server.start)
        self._keys.itglue_url = self._server.url
        address = DatabaseAddress(sqlite_file=str(demo.database_file), schema="demo", tls=TlsMode.OFF)
        await self.connect(Profile("demo", "Demo", address), None)
        await self.create_tables()
        await self.set_passphrase(self.proposed_passphrase())
        await self.apply_key(Secret(demo.glue.key), None)

    async def close(self) -> None:
        """Stop the sandbox and remove the folder."""
        await super().close()
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)
        if self._building is not None:
            # Whoever leaves during the start does not end the thread that writes into the folder.
            await asyncio.wait([self._building])
        await asyncio.to_thread(shutil.rmtree, self._folder, True)
