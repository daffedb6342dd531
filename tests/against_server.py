"""The console against a server that is there already: `python tests/against_server.py HOST PORT USER PASSWORD`.

Makes a database with Automate's tables, creates the plugin's in it, and reads and writes them; for servers that the
test suite does not start itself, such as MySQL 8 in CI.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import pymysql

from tests.automate_schema import load_automate_schema, seed_client, seed_password

SCHEMA = "stickysync_check"
START_SECONDS = 120
DONE, NO_KEY = 0, 4


def connected(host: str, port: int, user: str, password: str) -> pymysql.Connection:
    """The server may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return pymysql.connect(host=host, port=port, user=user, password=password.encode(), charset="utf8mb4")
        except pymysql.err.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)


def console(environment: dict[str, str], *arguments: str, code: int = DONE) -> object:
    command = [sys.executable, "-m", "stickysync_gui.cli", *arguments, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    print(f"{done.returncode} stickysync {' '.join(arguments)}")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def main() -> None:
    host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
    with connected(host, port, user, password) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT VERSION()")
            print(*cursor.fetchone())
            cursor.execute(f"DROP DATABASE IF EXISTS `{SCHEMA}`")
            cursor.execute(f"CREATE DATABASE `{SCHEMA}` CHARACTER SET utf8mb4")
        connection.select_db(SCHEMA)
        load_automate_schema(connection, "plain")
        seed_client(connection, 1, "Contoso")
        seed_password(connection, 1, "Administrator", "p€ss".encode())
        connection.commit()
    environment = {
        **os.environ,
        "STICKYSYNC_HOME": tempfile.mkdtemp(prefix="stickysync-check-"),
        "STICKYSYNC_DATABASE": f"mysql+pymysql://{user}@{host}:{port}/{SCHEMA}",
        "STICKYSYNC_DB_PASSWORD": password,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    console(environment, "setup")
    clients = console(environment, "clients")
    assert "Contoso" in json.dumps(clients), clients
    console(environment, "autosync-set", "on", "--all")
    console(environment, "doctor", code=NO_KEY)
    print("ok")


if __name__ == "__main__":
    main()
