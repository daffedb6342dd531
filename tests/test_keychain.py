"""Where secrets come from: the environment first, then the key store; and what happens where there is none."""

from pathlib import Path

import keyring.errors
import pytest

from stickysync_gui.domain.connection import DatabaseAddress
from stickysync_gui.domain.secret import Secret
from stickysync_gui.errors import ExitCode, KeyStoreUnavailable, UsageError
from stickysync_gui.keychain import SERVICE, ForgetfulStore, Keychain, id_of_address
from tests.canaries import assert_silent
from tests.memory_keyring import MemoryKeyring

CANARY = "hünter2-canary-€"


class Broken:
    """A key store that fails as the systems' own do: not always with an exception of keyring's."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_password(self, service_name: str, username: str) -> str | None:
        raise self._error

    def set_password(self, service_name: str, username: str, password: str) -> None:
        raise self._error

    def delete_password(self, service_name: str, username: str) -> None:
        raise self._error


BROKEN = [
    keyring.errors.NoKeyringError("no backend"),
    keyring.errors.KeyringLocked("locked"),
    keyring.errors.PasswordSetError(f"cannot store {CANARY}"),
    OSError(1783, f"the stub received bad data: {CANARY}"),
    RuntimeError(CANARY),
]


# --- no key store ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", BROKEN, ids=lambda error: type(error).__name__)
def test_a_key_store_that_fails_is_as_good_as_empty_and_takes_nothing(error: Exception) -> None:
    keychain = Keychain(Broken(error), {})

    assert keychain.database_password("p") is None
    assert keychain.passphrase("p") is None
    for keep, variable in (
        (keychain.keep_database_password, "STICKYSYNC_DB_PASSWORD"),
        (keychain.keep_passphrase, "STICKYSYNC_PASSPHRASE"),
    ):
        with pytest.raises(KeyStoreUnavailable) as caught:
            keep("p", Secret(CANARY))
        assert caught.value.exit_code is ExitCode.USAGE
        assert caught.value.unchanged == "It was not kept anywhere; this program knows it until it ends."
        assert f"{variable} or {variable}_FILE" in caught.value.todo
        assert_silent(caught.value, CANARY)


def test_without_a_key_store_a_secret_lasts_until_the_program_ends() -> None:
    keychain = Keychain(Broken(BROKEN[0]), {})
    with pytest.raises(KeyStoreUnavailable):
        keychain.keep_passphrase("p", Secret(CANARY))

    assert keychain.passphrase("p") == Secret(CANARY)
    assert keychain.passphrase("q") is None
    assert Keychain(Broken(BROKEN[0]), {}).passphrase("p") is None
    assert CANARY not in repr(vars(keychain))
    keychain.forget("p")
    assert keychain.passphrase("p") is None


def test_the_secrets_of_a_removed_profile_are_forgotten(key_store: MemoryKeyring) -> None:
    keychain = Keychain(environment={})
    keychain.keep_database_password("p", Secret(CANARY))
    keychain.keep_passphrase("q", Secret("other"))

    keychain.forget("p")
    keychain.forget("never kept")

    assert key_store.entries == {(SERVICE, "q/passphrase"): "other"}


def test_without_a_key_store_the_environment_does(monkeypatch: pytest.MonkeyPatch) -> None:
    keychain = Keychain(Broken(BROKEN[0]), {"STICKYSYNC_DB_PASSWORD": CANARY})

    assert keychain.database_password("p") == Secret(CANARY)


# --- the key store ---------------------------------------------------------------------------------------------


def test_secrets_are_kept_by_profile_under_names_of_their_own(key_store: MemoryKeyring) -> None:
    keychain = Keychain(environment={})

    keychain.keep_database_password("p", Secret(CANARY))
    keychain.keep_passphrase("p", Secret("phrase"))
    keychain.keep_passphrase("q", Secret("other"))

    assert keychain.database_password("p") == Secret(CANARY)
    assert (keychain.passphrase("p"), keychain.passphrase("q")) == (Secret("phrase"), Secret("other"))
    assert keychain.database_password("q") is None
    assert key_store.entries == {
        (SERVICE, "p/database"): CANARY,
        (SERVICE, "p/passphrase"): "phrase",
        (SERVICE, "q/passphrase"): "other",
    }
    assert CANARY not in repr(vars(keychain))


def test_the_demos_store_forgets() -> None:
    store = ForgetfulStore()
    Keychain(store, {}).keep_passphrase("p", Secret("phrase"))

    assert Keychain(store, {}).passphrase("p") == Secret("phrase")
    assert Keychain(ForgetfulStore(), {}).passphrase("p") is None


# --- the environment -------------------------------------------------------------------------------------------

VARIABLES = {
    "STICKYSYNC_DB_PASSWORD": lambda keychain: keychain.database_password("p"),
    "STICKYSYNC_PASSPHRASE": lambda keychain: keychain.passphrase("p"),
    "STICKYSYNC_API_KEY": lambda keychain: keychain.api_key(),
}
each_variable = pytest.mark.parametrize("name", VARIABLES)


@each_variable
def test_whoever_sets_a_variable_means_it(name: str, key_store: MemoryKeyring, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-file", encoding="utf-8")
    keychain = Keychain(environment={})
    keychain.keep_database_password("p", Secret("stored"))
    keychain.keep_passphrase("p", Secret("stored"))
    read = VARIABLES[name]

    direct = read(Keychain(environment={name: "direct", f"{name}_FILE": str(file)}))
    by_file = read(Keychain(environment={name: "", f"{name}_FILE": str(file)}))
    neither = read(Keychain(environment={name: "", f"{name}_FILE": ""}))

    assert (direct, by_file) == (Secret("direct"), Secret("from-file"))
    assert neither == (None if name == "STICKYSYNC_API_KEY" else Secret("stored"))


@each_variable
@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("plain", "plain"),
        ("plain\n", "plain"),
        ("plain\r\n", "plain"),
        ("plain\nsecond line\n", "plain"),
        ("\ufeffplain\n", "plain"),
        (f"{CANARY}\n", CANARY),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f\n", "a\x0bb\x0cc\x1cd\x85e\u2028f"),
    ],
)
def test_a_file_gives_its_first_line(name: str, content: str, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content.encode())

    assert VARIABLES[name](Keychain(ForgetfulStore(), {f"{name}_FILE": str(file)})) == Secret(secret)


def test_blanks_belong_to_a_password_and_to_a_passphrase_but_not_to_a_key(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"  spaced \n")
    for environment in (
        {name: "  spaced " for name in VARIABLES},
        {f"{name}_FILE": str(file) for name in VARIABLES},
    ):
        keychain = Keychain(ForgetfulStore(), environment)
        assert keychain.database_password("p") == keychain.passphrase("p") == Secret("  spaced ")
        assert keychain.api_key() == Secret("spaced")


@each_variable
@pytest.mark.parametrize(
    "content", [None, "directory", b"", b"\n", b"\r\nsecond", "ä".encode("latin-1"), "plain\n".encode("utf-16")]
)
def test_a_file_without_a_usable_first_line_is_told(name: str, content: bytes | str | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        file.mkdir()

    with pytest.raises(UsageError) as caught:
        VARIABLES[name](Keychain(ForgetfulStore(), {f"{name}_FILE": str(file)}))

    assert caught.value.exit_code is ExitCode.USAGE
    assert f"{name}_FILE" in caught.value.happened
    assert str(file) in caught.value.happened
    assert_silent(caught.value, "plain")


# --- databases named without a profile -------------------------------------------------------------------------


def test_an_address_has_an_id_of_its_own() -> None:
    base = DatabaseAddress("h", 3306, "labtech", "u")
    others = [
        DatabaseAddress("h", 3307, "labtech", "u"),
        DatabaseAddress("h", 3306, "other", "u"),
        DatabaseAddress("h", 3306, "labtech", "v"),
        DatabaseAddress("g", 3306, "labtech", "u"),
        DatabaseAddress(sqlite_file="x"),
    ]

    assert id_of_address(base) == id_of_address(DatabaseAddress("h", 3306, "labtech", "u", tls_ca="x"))
    assert len({id_of_address(address) for address in (base, *others)}) == 6
