"""A technician's desk: the console program as real processes, a real MariaDB, and IT Glue's stand-in over TCP."""

import asyncio
import contextlib
import hashlib
import io
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from unittest import mock

import keyring
import pymysql
import pytest

from stickysync_gui import settings
from stickysync_gui.cli.main import main
from stickysync_gui.domain.connection import DatabaseAddress, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.logs import close_file_logs
from stickysync_gui.sandbox.faults import FaultScript
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.server import SandboxServer
from stickysync_gui.storage import database as stored
from stickysync_gui.storage import schema, sealing
from stickysync_gui.storage.sealing import SealedKey
from tests import automate_schema as seed
from tests.cli.file_keyring import FileKeyring
from tests.deaf_port import deaf_port
from tests.mariadb import Database

REPOSITORY = Path(__file__).parent.parent.parent
PROCESS_SECONDS = 200
PASSPHRASE = "a passphrase of the team's"
ACCOUNT = "stickysync"
ACCOUNT_PASSWORD = "Dätabase-€-47110815"
# What `stickysync setup --show-sql` grants.
READ_GRANTS = {
    "clients": "SELECT (ClientID, Name, Company)",
    "locations": "SELECT (LocationID, ClientID, Name)",
    "passwords": "SELECT (PasswordID, ClientID, LocationID, Title, UserName, Password, URL, Notes)",
}
OWN_TABLES = tuple(
    f"plugin_stickysync_{name}"
    for name in ("companymap", "passwordautosync", "passwordmap", "settings", "syncstate", "run")
)


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        return self.document["error"]

    def three_sentences(self) -> list[str]:
        """The lines of a failure on standard error: what happened, what is unchanged, what to do."""
        lines = self.err.strip().splitlines()
        assert len(lines) >= 3, self
        assert "Traceback" not in self.err
        return lines


@dataclass
class Desk:
    """Both systems, and a PC with the console program; `connection` is the test's own, to Automate's database.

    At `deaf_port` nobody listens.
    """

    automate: Database
    connection: pymysql.Connection
    glue: Glue
    server: SandboxServer
    faults: FaultScript
    home: Path
    environment: dict[str, str]
    deaf_port: int
    secrets: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    # --- the program --------------------------------------------------------------------------------------------

    def start(
        self,
        *arguments: str,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[str] = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
        prelude: str = "",
        **changes: str | None,
    ) -> subprocess.Popen[str]:
        """Start the program; `changes` to the environment by name, None to unset.

        `prelude` is code that runs before it, for constants that would make a test last too long.
        """
        environment = {**os.environ, **self.environment, **{k: v for k, v in changes.items() if v is not None}}
        for name in [name for name, value in changes.items() if value is None]:
            environment.pop(name, None)
        return subprocess.Popen(
            [sys.executable, *(_program(prelude)), *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
        )

    def ended(self, process: subprocess.Popen[str], typed: str | None = None) -> Done:
        """Wait for a process, and remember what it printed."""
        try:
            out, err = process.communicate(typed, timeout=PROCESS_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"it hung:\n{out}\n{err}") from None
        self.told += [out or "", err or ""]
        return Done(process.returncode, out or "", err or "")

    def run(self, *arguments: str, typed: str | None = None, **changes: str | None) -> Done:
        """Run the program to its end, with `typed` on its standard input."""
        stdin = subprocess.DEVNULL if typed is None else subprocess.PIPE
        return self.ended(self.start(*arguments, stdin=stdin, **changes), typed)

    def call(self, *arguments: str, typed: str | None = None, **changes: str | None) -> Done:
        """The same without a process of its own, which costs half a second: for what depends on none."""
        out, err, given = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO((typed or "").encode()))
        with (
            mock.patch.dict(os.environ, {**self.environment, **{k: v for k, v in changes.items() if v is not None}}),
            mock.patch.object(sys, "stdin", given),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            for name in [name for name, value in changes.items() if value is None]:
                os.environ.pop(name, None)
            # What a process of its own would find by PYTHON_KEYRING_BACKEND.
            keyring.set_keyring(FileKeyring())
            code = main(arguments)
            close_file_logs()
        self.told += [out.getvalue(), err.getvalue()]
        return Done(code, out.getvalue(), err.getvalue())

    def assert_no_secret_leaked(self) -> None:
        """No secret in anything that was printed, nor in any file of the program's folder."""
        files = [file for file in self.home.rglob("*") if file.is_file()]
        assert any(file.suffix == ".log" for file in files)
        everything = [text.encode() for text in self.told] + [file.read_bytes() for file in files]
        for secret in self.secrets:
            forms = {secret.encode(), json.dumps(secret)[1:-1].encode(), repr(secret)[1:-1].encode()}
            found = [text for text in everything if any(form in text for form in forms)]
            assert not found, f"a secret of {len(secret)} characters leaked"

    # --- Automate -----------------------------------------------------------------------------------------------

    @property
    def address(self) -> DatabaseAddress:
        """The database as the environment's URL names it."""
        return DatabaseAddress(self.automate.host, self.automate.port, self.automate.schema, user="root")

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def client(self, client_id: int, name: str, organization_id: int | None = None) -> int:
        """A client, mapped where an organization is given."""
        seed.seed_client(self.connection, client_id, name)
        if organization_id is not None:
            self.sql("INSERT INTO plugin_stickysync_companymap VALUES (%s, %s)", client_id, organization_id)
        return client_id

    def password(self, client_id: int, title: str, value: str | None = "s3cret-value", **columns: Any) -> int:
        if value is not None and len(value) >= 6:
            self.secrets.add(value)
        raw = value.encode() if value is not None else None
        return seed.seed_password(self.connection, client_id, title, raw, **columns)

    def links(self) -> dict[int, int]:
        return dict(self.sql("SELECT PasswordID, ITGPasswordID FROM plugin_stickysync_passwordmap"))

    def account(self, *, without: str = "", on: str = "") -> None:
        """The least-privilege account of the documentation, `without` one right `on` one table."""
        schema = self.automate.schema
        grants = [f"{right} ON `{schema}`.`{table}`" for table, right in READ_GRANTS.items() if table != on]
        present = {row[0] for row in self.sql("SHOW TABLES")}
        for table in OWN_TABLES:
            rights = [r for r in ("SELECT", "INSERT", "UPDATE", "DELETE") if not (table == on and r == without)]
            if table in present:
                grants.append(f"{', '.join(rights)} ON `{schema}`.`{table}`")
        self.automate.server.create_user(ACCOUNT, ACCOUNT_PASSWORD, grants)
        self.environment["STICKYSYNC_DATABASE"] = self.automate.url_for(ACCOUNT)
        self.environment["STICKYSYNC_DB_PASSWORD"] = ACCOUNT_PASSWORD

    # --- IT Glue ------------------------------------------------------------------------------------------------

    def writes(self) -> list[str]:
        """Methods of the requests so far that were no GET."""
        return [request.method for request in self.server.requests if request.method != "GET"]

    def values(self) -> dict[str, str | None]:
        """Values in IT Glue by entry name."""
        return {record.name: record.password for record in self.glue.passwords()}


def _program(prelude: str) -> list[str]:
    if not prelude:
        return ["-m", "stickysync_gui.cli"]
    return ["-c", f"import sys; from stickysync_gui.cli.main import main; {prelude}; sys.exit(main())"]


@pytest.fixture(scope="session")
def sealed() -> str:
    """The key of every account that the stand-in begins, as the program stores it; sealing takes half a second."""
    return sealing.seal(SealedKey(Secret(Glue().key), None), Secret(PASSPHRASE))


async def _create_tables(address: DatabaseAddress) -> None:
    database = stored.Database(address)
    try:
        await database.run(schema.create_missing)
    finally:
        await database.close()


@pytest.fixture
def bare_desk(automate: Database, tmp_path: Path) -> Iterator[Desk]:
    """A desk at which nothing was set up yet: Automate as the fixture made it, no key, no passphrase."""
    glue, faults = Glue(), FaultScript()
    environment = {
        "STICKYSYNC_HOME": str(tmp_path / "home"),
        "STICKYSYNC_DATABASE": automate.url,
        "STICKYSYNC_ITGLUE_URL": "",
        "STICKYSYNC_SETTLE_SECONDS": "1",
        "PYTHON_KEYRING_BACKEND": "tests.cli.file_keyring.FileKeyring",
        "TEST_KEYRING_FILE": str(tmp_path / "keyring.json"),
        "PYTHONWARNINGS": "error",
        "COLUMNS": "200",
    }
    with SandboxServer(glue, faults=faults) as server, automate.connect() as connection, deaf_port() as deaf:
        environment["STICKYSYNC_ITGLUE_URL"] = server.url
        desk = Desk(automate, connection, glue, server, faults, tmp_path / "home", environment, deaf)
        desk.secrets |= {glue.key, ACCOUNT_PASSWORD}
        yield desk


@pytest.fixture
def desk(bare_desk: Desk) -> Desk:
    """A desk ready to sync: this program's own tables, a server known before, and the API key from the environment."""
    automate = bare_desk.automate
    bare_desk.sql(f"DROP TABLE IF EXISTS {', '.join(OWN_TABLES)}")
    asyncio.run(_create_tables(replace(bare_desk.address, tls=TlsMode.OFF)))
    certificate = ssl.PEM_cert_to_DER_cert(automate.server.certificate.certificate_file.read_text())
    known = {f"{automate.host}:{automate.port}": hashlib.sha256(certificate).hexdigest()}
    bare_desk.home.mkdir()
    settings.save(settings.Settings(trusted_certificates=known), bare_desk.home / "settings.toml")
    bare_desk.environment["STICKYSYNC_API_KEY"] = bare_desk.glue.key
    return bare_desk
