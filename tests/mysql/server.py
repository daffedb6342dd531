"""A private, real MySQL server, unpacked by `tests/mysql/fetch`; what MariaDB does otherwise shows only here."""

import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from tests.mariadb import HOST, Database, MariaDb, MariaDbNotFound, _as_root

UNPACKED = Path(__file__).parent.parent.parent / "build" / "mysql" / "root"


class MySql(MariaDb):
    """One MySQL process, with the interface of the private MariaDB."""

    def _install(self) -> None:
        command = [*self._program(), "--initialize-insecure"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise RuntimeError(f"MySQL cannot be initialised:\n{done.stderr}\n{self.error_log}")
        self._installed = True

    def _program(self) -> list[str]:
        loader = UNPACKED / "usr/lib64/ld-linux-x86-64.so.2"
        if not loader.exists():
            raise MariaDbNotFound(f"no MySQL server in {UNPACKED}; `make test-mysql` fetches it")
        return [
            str(loader),
            "--library-path",
            str(UNPACKED / "usr/lib/x86_64-linux-gnu"),
            str(UNPACKED / "usr/sbin/mysqld"),
            "--no-defaults",
            f"--basedir={UNPACKED / 'usr'}",
            f"--lc-messages-dir={UNPACKED / 'usr/share/mysql'}",
            f"--datadir={self._folder / 'data'}",
            f"--log-error={self._folder / 'log'}",
            "--secure-file-priv=NULL",
            "--mysqlx=OFF",
            *_as_root(),
        ]

    def _command(self, port: int) -> list[str]:
        certificate = self.certificate
        return [
            *self._program(),
            f"--bind-address={HOST}",
            f"--port={port}",
            f"--socket={self._folder / 's'}",
            f"--pid-file={self._folder / 'pid'}",
            f"--ssl-ca={certificate.ca_file}",
            f"--ssl-cert={certificate.certificate_file}",
            f"--ssl-key={certificate.key_file}",
            "--performance-schema=off",
            "--innodb-buffer-pool-size=64M",
            "--disable-log-bin",
        ]

    def create_database(self, name: str | None = None, charset: str = "utf8mb4") -> Database:
        """An empty schema; a name of its own unless given."""
        schema = name or f"labtech_{uuid.uuid4().hex[:12]}"
        with self.connect() as root, root.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{schema}`")
            cursor.execute(f"CREATE DATABASE `{schema}` CHARACTER SET {charset}")
        return Database(self, schema)

    def create_user(
        self,
        name: str,
        password: str,
        grants: Sequence[str] = (),
        require_ssl: bool = False,
        plugin: str = "caching_sha2_password",
    ) -> None:
        """Create or replace a user at 127.0.0.1 who logs in by `plugin`."""
        require = " REQUIRE SSL" if require_ssl else ""
        with self.connect() as root, root.cursor() as cursor:
            cursor.execute("DROP USER IF EXISTS %s@%s", (name, HOST))
            cursor.execute(f"CREATE USER %s@%s IDENTIFIED WITH {plugin} BY %s{require}", (name, HOST, password))
            for grant in grants:
                cursor.execute(f"GRANT {grant} TO %s@%s", (name, HOST))
