"""What a technician reads when Connect, Test or Apply fails: every failure is made real, and its words stand here.

The tables are for reading as much as for running: whoever changes a sentence judges it here beside its neighbours.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keyring
import pytest
from PySide6.QtWidgets import QMessageBox

from stickysync_gui.backend import Backend, key_custody
from stickysync_gui.backend.autosync import AutoSync
from stickysync_gui.domain.connection import DatabaseAddress, Region, TlsMode
from stickysync_gui.domain.secret import Secret
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.settings import Profile, Settings, save
from stickysync_gui.storage import connecting
from stickysync_gui.ui.configuration.page import DATABASE, ITGLUE
from tests.certificates import make_server_certificate
from tests.itglue_hosts import ItGlueHosts, itglue_hosts
from tests.mariadb import HOST, Database
from tests.memory_keyring import MemoryKeyring
from tests.storage.fake_server import fake_server, greeting
from tests.storage.test_failures import packets_dropped
from tests.storage.test_tls import fingerprint, serving
from tests.ui.desk import Desk, click, dialog, fresh_desk, new_window, press, put_away
from tests.ui.own_time import own_time
from tests.waiting import PATIENCE, until

PASSWORD = "däta-canary-€-471108"
KEY = "ITG.0123456789abcdefghijklmnopqrstuvwxyz-canary"
PASSPHRASE = "a passphrase that is a canary"

CLOUD = (
    "Check host and port, that the server is up, and that a firewall lets this PC reach it. Cloud-hosted Automate "
    "offers no MySQL connection at all: then this program cannot be used with it."
)
NOTHING = "Nothing was changed."


@dataclass(frozen=True)
class Scene:
    """A database that fails in one way: the address to enter, and what has to be read.

    `words` may name {host}, {port}, {schema} and {ca}.
    """

    words: tuple[str, ...]
    arrange: Callable[["Stage"], dict[str, Any]]


@dataclass
class Stage:
    """What a scene is made of."""

    automate: Database
    folder: Path
    stack: ExitStack
    more: dict[str, str] = field(default_factory=dict)

    def certificate(self, *names: str, expired: bool = False) -> Any:
        return make_server_certificate(self.folder, names or ("localhost",), expired=expired)

    def tls_server(self, certificate: Any) -> int:
        server = self.stack.enter_context(fake_server(greeting(with_tls=True), tls=serving(certificate)))
        return server.port


def refused(stage: Stage) -> dict[str, Any]:
    with socket.create_server((HOST, 0)) as taken:
        return {"port": taken.getsockname()[1]}


def firewall(stage: Stage) -> dict[str, Any]:
    return {"port": stage.stack.enter_context(packets_dropped())}


def silent(stage: Stage) -> dict[str, Any]:
    return {"port": stage.stack.enter_context(fake_server(b"")).port}


def no_mysql(stage: Stage) -> dict[str, Any]:
    return {"port": stage.stack.enter_context(fake_server(b"SSH-2.0-OpenSSH_9.2p1\r\n")).port}


def no_tls(stage: Stage) -> dict[str, Any]:
    return {"port": stage.stack.enter_context(fake_server(greeting(with_tls=False))).port}


def expired(stage: Stage) -> dict[str, Any]:
    made = stage.certificate(expired=True)
    return {"host": "localhost", "port": stage.tls_server(made), "tls": TlsMode.VERIFY, "tls_ca": str(made.ca_file)}


def wrong_authority(stage: Stage) -> dict[str, Any]:
    port = stage.tls_server(stage.certificate())
    return {"port": port, "tls": TlsMode.VERIFY, "tls_ca": str(stage.automate.server.ca_file)}


def unknown_authority(stage: Stage) -> dict[str, Any]:
    return {"tls": TlsMode.VERIFY}


def wrong_name(stage: Stage) -> dict[str, Any]:
    made = stage.certificate("db.example")
    return {"host": "localhost", "port": stage.tls_server(made), "tls": TlsMode.VERIFY, "tls_ca": str(made.ca_file)}


def no_ca_file(stage: Stage) -> dict[str, Any]:
    return {"tls": TlsMode.VERIFY, "tls_ca": str(stage.folder / "missing.pem")}


def wrong_password(stage: Stage) -> dict[str, Any]:
    stage.automate.server.create_user("sticky", "another password")
    return {}


def unknown_schema(stage: Stage) -> dict[str, Any]:
    return {"schema": "labtech_of_another"}


DATABASE_SCENES = {
    "the host name is not known": Scene(
        ("The host name of no-such-host.invalid:3306/{schema} is not known.", NOTHING, CLOUD),
        lambda _: {"host": "no-such-host.invalid", "port": 3306},
    ),
    "nobody listens there": Scene(("{host}:{port}/{schema} refused the connection.", NOTHING, CLOUD), refused),
    "a firewall drops everything": Scene(
        ("{host}:{port}/{schema} did not answer within 0.5 seconds.", NOTHING, CLOUD), firewall
    ),
    "something listens and says nothing": Scene(
        ("{host}:{port}/{schema} did not answer within 0.5 seconds.", NOTHING, CLOUD), silent
    ),
    "something else answers": Scene(
        ("What answers at {host}:{port}/{schema} is no MySQL server.", NOTHING, CLOUD), no_mysql
    ),
    "the server has no TLS": Scene(
        (
            "{host}:{port}/{schema} offers no TLS, and this profile demands it. The log-in was not sent.",
            NOTHING,
            "Switch TLS on at the server, or change the profile's TLS setting.",
        ),
        no_tls,
    ),
    "the certificate has expired": Scene(
        (
            "The certificate of {host}:{port}/{schema} could not be verified: it has expired.",
            NOTHING,
            "Let the server's administrator renew it, and check this PC's date. Until then it can be pinned. "
            "The log-in was not sent.",
        ),
        expired,
    ),
    "the certificate is another authority's": Scene(
        (
            "The certificate of {host}:{port}/{schema} could not be verified: its authority is not in the CA file "
            "{ca}.",
            NOTHING,
            "Choose the file of the authority that signed it as CA file; or choose to pin the certificate. "
            "The log-in was not sent.",
        ),
        wrong_authority,
    ),
    "the certificate is of an authority that this PC does not know": Scene(
        (
            "The certificate of {host}:{port}/{schema} could not be verified: its authority is not in this PC's own "
            "list.",
            NOTHING,
            "Choose the file of the authority that signed it as CA file; or choose to pin the certificate. "
            "The log-in was not sent.",
        ),
        unknown_authority,
    ),
    "the certificate is another host's": Scene(
        (
            "The certificate of {host}:{port}/{schema} could not be verified: it is made out to another name than "
            "{host}.",
            NOTHING,
            "Enter the host as the certificate names it; or choose to pin the certificate. The log-in was not sent.",
        ),
        wrong_name,
    ),
    "the CA file is not there": Scene(
        (
            "The CA file {ca} cannot be used (No such file or directory).",
            "Nothing was sent.",
            "Give a PEM file with the certificate of the authority that signed the server's, or choose pin.",
        ),
        no_ca_file,
    ),
    "the password is wrong": Scene(
        (
            "{host}:{port}/{schema} refuses user 'sticky' with this password.",
            NOTHING,
            "Check user name and password.",
        ),
        wrong_password,
    ),
    "the password is wrong, or TLS is demanded": Scene(
        (
            "{host}:{port}/{schema} refuses user 'stranger' with this password.",
            NOTHING,
            "Check user name and password. Or server or account demand TLS, which this profile has off.",
        ),
        lambda _: {"user": "stranger", "tls": TlsMode.OFF},
    ),
    "the schema is not known": Scene(
        (
            "User 'sticky' may not use a schema 'labtech_of_another' on {host}:{port}/labtech_of_another, or there is "
            "none.",
            NOTHING,
            "Check the schema's name (default: labtech), or let a DBA grant access (stickysync setup --show-sql).",
        ),
        unknown_schema,
    ),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(key_custody, "CHECK_SECONDS", 0.5)


def enter(desk: Desk, address: DatabaseAddress) -> None:
    """Fill the form as a person would."""
    form = desk.window.configuration.database
    form.fields.show(address, password_known=False)
    form.fields.password.setText(PASSWORD)


@pytest.mark.parametrize("name", DATABASE_SCENES)
@pytest.mark.usefixtures("impatient", "key_store")
async def test_connecting_fails_in_words(name: str, automate: Database, tmp_path: Path) -> None:
    scene = DATABASE_SCENES[name]
    automate.server.create_user("sticky", PASSWORD, [f"SELECT ON `{automate.schema}`.*"])
    async with fresh_desk(tmp_path / "home") as desk:
        with ExitStack() as stack:
            pinned = fingerprint(automate.server.certificate)
            changes = scene.arrange(Stage(automate, tmp_path, stack))
            usual = {"tls": TlsMode.PIN, "pinned_fingerprint": pinned, "user": "sticky", "schema": automate.schema}
            address = DatabaseAddress(**{"host": HOST, "port": automate.port, **usual, **changes})
            desk.window.open_section(DATABASE)
            enter(desk, address)
            form = desk.window.configuration.database
            click(form.connect_button)
            await desk.idle()

            told = form.banner.text.text()
            wanted = "\n".join(scene.words).format(
                host=address.host, port=address.port, schema=address.schema, ca=address.tls_ca
            )
            assert told == f"Not connected. {wanted}"
            assert form.banner.isVisible()
            # The panel keeps it, and every tab says that there is no database.
            assert desk.window.problems.problems()[0].happened == wanted.splitlines()[0]
            assert desk.window.bar.database.text() == "No database"
            assert desk.backend.settings.profiles == ()
            assert PASSWORD not in told
            # What was typed stays, to be mended.
            assert form.fields.password.text() == PASSWORD


@pytest.mark.usefixtures("impatient", "key_store")
async def test_another_certificate_than_the_pinned_one_asks_with_a_warning(automate: Database, tmp_path: Path) -> None:
    async with fresh_desk(tmp_path / "home") as desk:
        with ExitStack() as stack:
            stage = Stage(automate, tmp_path, stack)
            port = stage.tls_server(stage.certificate())
            pinned = fingerprint(automate.server.certificate)
            enter(desk, DatabaseAddress(HOST, port, user="sticky", tls=TlsMode.PIN, pinned_fingerprint=pinned))
            form = desk.window.configuration.database
            # The pin belongs to the server it was confirmed for, so it stays while the address stays.
            assert form.fields.address().pinned_fingerprint == pinned
            click(form.connect_button)
            box = await dialog(QMessageBox)
            assert box.text() == f"{HOST} shows another certificate than the one you confirmed."
            assert "somebody stands in between" in box.informativeText()
            assert box.defaultButton() is box.escapeButton()
            press(box, "Cancel")
            await desk.idle()
            assert desk.backend.database_state is None
            assert (
                form.banner.text.text()
                == "Not connected. The certificate was not confirmed, and the log-in was not sent."
            )


# --- IT Glue ---------------------------------------------------------------------------------------------------

US, EU, AU = (str(region.url).removeprefix("https://") for region in Region)
UNASKED = "Whether the API key is right could not be asked; nothing was stored."
STAYS = "Nothing was stored."
BY_THE_PROXY = (
    "This PC reaches the web through the proxy 127.0.0.1:{proxy}: have it let {host} through. Then try again."
)
AT_THE_PROXY = (
    "Look at IT Glue's status page and at the proxy 127.0.0.1:{proxy}, by which this PC reaches the web; try again."
)
IN_BETWEEN = (
    "A proxy or virus scanner may break the TLS connection; IT Glue's certificate is always checked. Have {host} "
    "exempted from inspection, or its authority installed on this PC; and check this PC's date."
)
ADMIN = "IT Glue (Account > Settings > API Keys)"


@dataclass(frozen=True)
class Refusal:
    """Applying a key fails: what has to be read, the region chosen, and what is wrong with the three hosts."""

    words: tuple[str, ...]
    region: Region | None = None
    arrange: Callable[[ItGlueHosts], object] = lambda _: None
    hosts: dict[str, Any] = field(default_factory=dict)


def known(*regions: Region) -> Callable[[ItGlueHosts], object]:
    return lambda hosts: [hosts.glue(region).add_key(KEY) for region in regions]


def paused(hosts: ItGlueHosts) -> None:
    known(Region.US)(hosts)
    hosts.glue(Region.US).set_key(KEY, state="paused")


def no_password_access(hosts: ItGlueHosts) -> None:
    known(Region.EU)(hosts)
    hosts.glue(Region.EU).set_switches(no_access_list="refused", no_access_status=403)
    hosts.glue(Region.EU).set_key(KEY, password_access=False)


def throttled(hosts: ItGlueHosts) -> None:
    known(Region.US)(hosts)
    hosts.faults(Region.US).add(Fault("throttle", retry_after=120, times=None))


def failing(kind: Any, **options: Any) -> Callable[[ItGlueHosts], object]:
    return lambda hosts: [hosts.faults(region).add(Fault(kind, times=None, **options)) for region in Region]


def mood(of_the_proxy: str) -> Callable[[ItGlueHosts], object]:
    return lambda hosts: setattr(hosts, "mood", of_the_proxy)


def no_proxy_there(hosts: ItGlueHosts) -> None:
    hosts.close()


KEY_SCENES = {
    "no region knows the key": Refusal(
        (
            "None of IT Glue's regions (US, EU, AU) accepts this API key.",
            STAYS,
            f"Copy the key again from {ADMIN}; it may be paused or revoked.",
        )
    ),
    "the chosen region does not know the key, nor does another": Refusal(
        (
            f"{EU} refuses the API key (403: Forbidden: the API key is invalid).",
            "Nothing was stored.",
            f"Check the key in {ADMIN}: it may be mistyped, paused, revoked, or unused for 90 days. "
            "IT Glue's other regions do not know it either.",
        ),
        Region.EU,
    ),
    "the key is another region's": Refusal(
        (
            "This API key belongs to IT Glue's AU region, not to EU.",
            STAYS,
            "Choose AU, or let the region be detected, and apply the key again.",
        ),
        Region.EU,
        known(Region.AU),
    ),
    "the key is paused": Refusal(
        (
            f"{US} refuses the API key (401: Forbidden: the API key is invalid).",
            "Nothing was stored.",
            f"Check the key in {ADMIN}: it may be mistyped, paused, revoked, or unused for 90 days. "
            "IT Glue's other regions do not know it either.",
        ),
        Region.US,
        paused,
    ),
    "the key lacks Password Access": Refusal(
        (
            f"{EU} knows the API key but refuses it passwords (403: Unauthorized: You are not authorized to access "
            "this resource. (at id)).",
            STAYS,
            "Tick Password Access for this key in IT Glue (Account > Settings > API Keys); then check its access to "
            "organizations.",
        ),
        None,
        no_password_access,
    ),
    "the account is throttled": Refusal(
        (
            f"{US} takes no more requests for now: the account's limit of 3000 in 5 minutes is used up.",
            UNASKED,
            "Try again in 120 seconds. If this happens often, see which other integrations use the account.",
        ),
        Region.US,
        throttled,
    ),
    "IT Glue is down": Refusal(
        (
            f"{US} cannot be reached: IT Glue answered with error 503.",
            UNASKED,
            AT_THE_PROXY,
        ),
        Region.US,
        failing("status", status=503),
    ),
    "IT Glue does not answer in time": Refusal(
        (
            f"{US} cannot be reached: no answer within 0.5 s.",
            UNASKED,
            AT_THE_PROXY,
        ),
        Region.US,
        failing("hang", seconds=5),
    ),
    "the proxy forbids it": Refusal(
        (
            f"{US} cannot be reached: the proxy does not let it through.",
            UNASKED,
            BY_THE_PROXY,
        ),
        Region.US,
        mood("forbids"),
    ),
    "the proxy wants a log-in": Refusal(
        (
            f"{US} cannot be reached: the proxy wants a log-in.",
            UNASKED,
            BY_THE_PROXY,
        ),
        Region.US,
        mood("wants a log-in"),
    ),
    "the proxy is not there": Refusal(
        (
            f"{US} cannot be reached: the connection was refused or cut.",
            UNASKED,
            BY_THE_PROXY,
        ),
        Region.US,
        no_proxy_there,
    ),
    "a proxy answers with a page of its own": Refusal(
        (
            f"{US} cannot be reached: it answered with something that is not its API, perhaps a proxy's page.",
            UNASKED,
            AT_THE_PROXY,
        ),
        Region.US,
        failing("html"),
    ),
    "the certificate has expired": Refusal(
        (
            f"{US} cannot be reached: its TLS certificate was not accepted, since it has expired.",
            UNASKED,
            IN_BETWEEN,
        ),
        Region.US,
        hosts={"expired": True},
    ),
    "the certificate is of an authority that this PC does not trust": Refusal(
        (
            f"{AU} cannot be reached: its TLS certificate was not accepted, since it comes from an authority that this "
            "PC does not trust.",
            UNASKED,
            IN_BETWEEN,
        ),
        None,
        hosts={"trusted": False},
    ),
    "the certificate is another host's": Refusal(
        (
            f"{US} cannot be reached: its TLS certificate was not accepted, since it is made out to another name.",
            UNASKED,
            IN_BETWEEN,
        ),
        Region.US,
        hosts={"names": ("www.example",)},
    ),
}


@asynccontextmanager
async def desk_before_the_key(automate: Database, home: Path) -> AsyncIterator[Desk]:
    """Connected, tables there, passphrase known; the key is what comes next."""
    async with fresh_desk(home) as desk:
        address = DatabaseAddress(automate.host, automate.port, automate.schema, "root", tls=TlsMode.OFF)
        await desk.backend.connect(Profile("p", "Server", address), None)
        await desk.backend.create_tables()
        await desk.backend.set_passphrase(Secret(PASSPHRASE))
        desk.window.configuration.connection_changed.emit()
        desk.window.open_section(ITGLUE)
        await desk.idle()
        yield desk


@pytest.mark.parametrize("name", KEY_SCENES)
@pytest.mark.usefixtures("impatient")
async def test_applying_a_key_fails_in_words(
    name: str, automate: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = KEY_SCENES[name]
    with itglue_hosts(tmp_path / "hosts", monkeypatch, **scene.hosts) as hosts:
        scene.arrange(hosts)
        async with desk_before_the_key(automate, tmp_path / "home") as desk:
            form = desk.window.configuration.itglue
            form.key.setText(KEY)
            form.region.setCurrentIndex(form.region.findData(scene.region.value if scene.region else ""))
            click(form.apply)
            await desk.idle()

            told = form.banner.text.text()
            host = scene.words[0].split(" ", 1)[0]
            assert told == "\n".join(scene.words).format(proxy=hosts.port, host=host)
            assert form.banner.isVisible()
            assert "canary" not in told
            assert desk.window.bar.itglue.text() == "No IT Glue key"
            with automate.connect() as connection, connection.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM plugin_stickysync_settings")
                assert cursor.fetchone() == (0,)
            # It stays in its field, to be mended.
            assert form.key.text() == KEY


@pytest.mark.parametrize("region", [None, Region.EU])
async def test_a_good_key_is_found_in_its_region_behind_the_proxy(
    automate: Database,
    key_store: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    region: Region | None,
) -> None:
    with itglue_hosts(tmp_path / "hosts", monkeypatch) as hosts:
        known(Region.EU)(hosts)
        async with desk_before_the_key(automate, tmp_path / "home") as desk:
            form = desk.window.configuration.itglue
            form.key.setText(f" {KEY}\n")
            form.region.setCurrentIndex(form.region.findData(region.value if region else ""))
            click(form.apply)
            await desk.idle()
            assert form.banner.text.text() == f"The key works and is stored: https://{EU}, region EU."
            assert desk.window.bar.itglue.text() == "IT Glue EU"
            # The self-check goes the same way.
            findings = {finding.name: finding.words for finding in await desk.backend.self_check()}
            assert findings["IT Glue"] == f"{EU} accepts the API key."


async def test_offline_is_told_and_nothing_is_stored(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a proxy; the address is of this computer, so that no real service is ever asked."""
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    async with desk_before_the_key(automate, tmp_path / "home") as desk:
        desk.backend._keys.itglue_url = f"http://{HOST}:{port}"  # noqa: SLF001 - what STICKYSYNC_ITGLUE_URL sets
        form = desk.window.configuration.itglue
        form.key.setText(KEY)
        click(form.apply)
        await desk.idle()

        assert form.banner.text.text() == "\n".join(
            (
                f"{HOST}:{port} cannot be reached: the connection was refused or cut.",
                UNASKED,
                "Check the network, proxy and IT Glue's status page, then try again.",
            )
        )


# --- while it takes its time -----------------------------------------------------------------------------------


class Gaps:
    """The longest time in which the window could not react."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        last = own_time()
        while True:
            await asyncio.sleep(0.002)
            now = own_time()
            self.longest = max(self.longest, now - last)
            last = now


@pytest.mark.usefixtures("key_store")
async def test_connecting_to_a_host_that_does_not_answer_is_cancelled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The attempt itself would take longer than this test waits for anything.
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 2 * PATIENCE)
    async with fresh_desk(tmp_path / "home") as desk:
        with packets_dropped() as port:
            enter(desk, DatabaseAddress(HOST, port, user="sticky", tls=TlsMode.OFF))
            form = desk.window.configuration.database
            click(form.connect_button)
            await until(form.cancel.isVisible)
            gaps = Gaps()
            watching = asyncio.create_task(gaps.watch())
            await asyncio.sleep(1.0)
            assert form.banner.text.text() == "Connecting…"
            assert desk.window.bar.database.text() == "Connecting…"
            for tab in (1, 2, 0):
                desk.window.tabs.setCurrentIndex(tab)
            click(form.cancel)
            await desk.idle()
            watching.cancel()
            assert form.banner.text.text() == "Not connected. Connecting was cancelled."
            assert desk.problems == []
            assert gaps.longest < 1.0


async def test_checking_a_key_is_cancelled_at_once(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with itglue_hosts(tmp_path / "hosts", monkeypatch) as hosts:
        failing("hang", seconds=600)(hosts)
        async with desk_before_the_key(automate, tmp_path / "home") as desk:
            form = desk.window.configuration.itglue
            form.key.setText(KEY)
            click(form.apply)
            await until(lambda: any(server.count() for server in hosts.servers.values()))
            assert form.banner.text.text().startswith("Checking the key with IT Glue…")
            click(form.cancel)
            await desk.idle()
            assert form.banner.text.text() == "Checking the key was cancelled."
            assert form.key.text() == KEY
            for server in hosts.servers.values():
                server.faults.release()


async def test_the_self_check_is_cancelled_at_once(
    automate: Database, key_store: MemoryKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with itglue_hosts(tmp_path / "hosts", monkeypatch) as hosts:
        known(Region.US)(hosts)
        async with desk_before_the_key(automate, tmp_path / "home") as desk:
            await desk.backend.apply_key(Secret(KEY), Region.US)
            failing("hang", seconds=600)(hosts)
            before = hosts.servers[Region.US].count()
            desk.window.configuration.test()
            check = desk.window.configuration.self_check
            await until(lambda: hosts.servers[Region.US].count() > before)
            click(check.cancel)
            await desk.idle()
            assert check.banner.text.text() == f"Cancelled after {len(check.findings)} checks."
            assert len(check.findings) > 8
            for server in hosts.servers.values():
                server.faults.release()


@pytest.mark.usefixtures("key_store")
async def test_the_connection_at_the_start_of_the_program_is_cancelled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 2 * PATIENCE)
    home = tmp_path / "home"
    home.mkdir()
    with packets_dropped() as port:
        address = DatabaseAddress(HOST, port, user="sticky", tls=TlsMode.OFF)
        keyring.set_password("StickySync", "p/database", PASSWORD)
        save(Settings((Profile("p", "Server", address),), "p"), home / "settings.toml")
        window, backend = new_window(), Backend.open(home)
        try:
            window.set_backend(backend, AutoSync(backend))
            desk = Desk(window, backend)
            desk.window.open_section(DATABASE)
            form = desk.window.configuration.database
            await until(form.cancel.isVisible)
            click(form.cancel)
            await desk.idle()
            assert backend.database_state is None
            assert form.banner.text.text().startswith("Not connected.")
            assert form.connect_button.isEnabled()
            assert desk.problems == []
        finally:
            await window.jobs.end_all(5)
            await backend.close()
            put_away(window)
