"""A private MariaDB on loopback for one test run, with TLS, in a folder of its own.

It needs the server's programs (`mariadbd`, `mariadb-install-db`) and neither a system service nor special rights.
"""

import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors
from sqlalchemy import URL

from tests.certificates import ServerCertificate, make_server_certificate

HOST = "127.0.0.1"
START_SECONDS = 120.0
STOP_SECONDS = 60.0
ATTEMPTS = 5
# The server stands in a folder of system programs that an ordinary user's PATH leaves out.
SYSTEM_PROGRAMS = os.pathsep.join(("/usr/sbin", "/usr/local/sbin", "/sbin"))
SPEED_OPTIONS = (
    "--performance-schema=off",
    # Commits reach the operating system, not the disk: they survive the killing of the process, as on a real server.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
)


class MariaDbNotFound(Exception):
    """The server's programs are not installed; tests that need them fail, they are never skipped."""


@dataclass(frozen=True, slots=True)
class Database:
    """One schema on the server; `user` is root, without a password."""

    server: "MariaDb"
    schema: str
    user: str = field(default="root", init=False)

    @property
    def host(self) -> str:
        return self.server.host

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        """SQLAlchemy URL for root."""
        return self.url_for(self.user)

    def url_for(self, user: str, password: str | None = None) -> str:
        url = URL.create("mysql+pymysql", user, password, self.host, self.port, self.schema)
        return url.render_as_string(hide_password=False)

    @contextlib.contextmanager
    def connect(self, user: str = "root", password: str = "", **options: Any) -> Iterator[pymysql.Connection]:
        """A connection to this schema, closed at the end of the block; autocommit unless `options` say otherwise."""
        with self.server.connect(user, password, database=self.schema, **options) as connection:
            yield connection

    def drop(self) -> None:
        """Remove the schema; connections that a test left open in it are ended first, or the server would wait."""
        with self.server.connect() as root, root.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (self.schema,))
            for (connection_id,) in cursor.fetchall():
                # It may have ended by itself in between.
                with contextlib.suppress(pymysql.err.OperationalError):
                    cursor.execute(f"KILL {connection_id}")
            cursor.execute(f"DROP DATABASE IF EXISTS `{self.schema}`")


class MariaDb:
    """One server process. Not started by the constructor."""

    def __init__(self) -> None:
        self.host = HOST
        self.port = 0
        # A short path: socket paths end at 107 characters, and a test run's own folder is often deep.
        self._folder = Path(tempfile.mkdtemp(prefix="ssdb-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._installed = False
        self.certificate: ServerCertificate = make_server_certificate(self._folder)

    @property
    def ca_file(self) -> Path:
        """The authority that signed the server's certificate (for `localhost` and 127.0.0.1)."""
        return self.certificate.ca_file

    @property
    def error_log(self) -> str:
        """What the server has written so far."""
        log = self._folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def tls_context(self) -> ssl.SSLContext:
        """A context that verifies this server's certificate and host name."""
        return ssl.create_default_context(cafile=str(self.ca_file))

    def start(self) -> None:
        """Start the server, on its old port if it had one, and wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        if not self._installed:
            self._install()
        for _ in range(ATTEMPTS):
            port = self.port or _free_port()
            if self._serve(port):
                self.port = port
                return
        raise RuntimeError(f"MariaDB found no free port in {ATTEMPTS} attempts:\n{self.error_log}")

    def stop(self) -> None:
        """Shut the server down in good order; does nothing when it is not running."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once, as a power cut would; `start()` brings it back on the same port."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start; every connection is lost, the data stays."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop the process in its tracks: connections stay open, nothing answers."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._running().send_signal(signal.SIGCONT)

    def ensure_running(self) -> None:
        """Undo what an earlier test left: a paused or ended server."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
        self.start()

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.contextmanager
    def connect(self, user: str = "root", password: str = "", **options: Any) -> Iterator[pymysql.Connection]:
        """A connection, closed at the end of the block; `options` are PyMySQL's.

        TLS is used only when `ssl=` is among them.
        """
        chosen = {"ssl_disabled": "ssl" not in options, "charset": "utf8mb4", "autocommit": True} | options
        # As bytes: PyMySQL encodes text as Latin-1.
        connection = pymysql.connect(host=self.host, port=self.port, user=user, password=password.encode(), **chosen)
        try:
            yield connection
        finally:
            if connection.open:
                connection.close()

    def create_database(self, name: str | None = None, charset: str = "utf8mb4") -> Database:
        """An empty schema; a name of its own unless given, and an existing one of that name is replaced."""
        schema = name or f"labtech_{uuid.uuid4().hex[:12]}"
        with self.connect() as root, root.cursor() as cursor:
            cursor.execute(f"CREATE OR REPLACE DATABASE `{schema}` CHARACTER SET {charset}")
        return Database(self, schema)

    def create_user(self, name: str, password: str, grants: Sequence[str] = (), require_ssl: bool = False) -> None:
        """Create or replace a user at 127.0.0.1.

        `grants` hold what stands between GRANT and TO, such as `SELECT ON labtech.clients`.
        """
        require = " REQUIRE SSL" if require_ssl else ""
        with self.connect() as root, root.cursor() as cursor:
            cursor.execute(f"CREATE OR REPLACE USER %s@%s IDENTIFIED BY %s{require}", (name, HOST, password))
            for grant in grants:
                cursor.execute(f"GRANT {grant} TO %s@%s", (name, HOST))

    def _install(self) -> None:
        command = [
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *_as_root(),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=START_SECONDS)
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}\n{done.stderr}")
        self._installed = True

    def _command(self, port: int) -> list[str]:
        certificate = self.certificate
        return [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self._folder / 'data'}",
            f"--bind-address={HOST}",
            f"--port={port}",
            f"--socket={self._folder / 's'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--log-error={self._folder / 'log'}",
            f"--ssl-ca={certificate.ca_file}",
            f"--ssl-cert={certificate.certificate_file}",
            f"--ssl-key={certificate.key_file}",
            "--skip-name-resolve",
            *SPEED_OPTIONS,
            *_as_root(),
        ]

    def _serve(self, port: int) -> bool:
        """Start on `port`; False when somebody else took it in between."""
        command = [*_dying_with_us(), *self._command(port)]
        before = len(self.error_log)
        # A session of its own, so that Ctrl-C reaches the test run alone, which then stops the server in good order.
        silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        process = subprocess.Popen(command, start_new_session=True, **silent)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(port):
            if process.poll() is not None:
                told = self.error_log[before:]
                if "already in use" in told:
                    return False
                raise RuntimeError(f"MariaDB ended with {process.returncode}:\n{told}")
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"MariaDB did not answer within {START_SECONDS} s:\n{self.error_log[before:]}")
            # Not for luck: the pause between two looks at the same fact.
            time.sleep(0.02)
        self._process = process
        return True

    def _answers(self, port: int) -> bool:
        """Whether this very server answers on `port`; somebody else's may stand there already."""
        try:
            connection = pymysql.connect(host=HOST, port=port, user="root", connect_timeout=2, ssl_disabled=True)
        except pymysql.err.OperationalError:
            return False
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT @@socket")
            return bool(cursor.fetchone() == (str(self._folder / "s"),))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("MariaDB is not running")
        return self._process

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        # A paused process takes no other signal than SIGKILL until it goes on.
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_PROGRAMS)))
    if found is None:
        raise MariaDbNotFound(f"{name} is not installed; `make test` installs it on Debian, or see README.md")
    return found


def _as_root() -> list[str]:
    """The server refuses to run as root unless told so, and takes the option from root only."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _dying_with_us() -> list[str]:
    """So that a test run which is killed outright leaves no server behind."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
