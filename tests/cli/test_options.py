"""The parts of the console that need no process."""

import pytest

from stickysync_gui.cli.choosing import client_ids, one_of
from stickysync_gui.cli.main import main
from stickysync_gui.cli.options import hoisted
from stickysync_gui.cli.output import plain
from stickysync_gui.domain.records import Client
from stickysync_gui.errors import UsageError

CLIENTS = [Client(1, "Contoso"), Client(2, "Fabrikam"), Client(3, " CONTOSO "), Client(4, "1")]


@pytest.mark.parametrize(
    ("given", "in_front", "rest"),
    [
        (["sync", "--json"], ["--json"], ["sync"]),
        (["sync", "--database", "URL", "--client", "5"], ["--database", "URL"], ["sync", "--client", "5"]),
        (["--quiet", "key", "set", "--tls=off"], ["--quiet", "--tls=off"], ["key", "set"]),
        (["map", "A", "--", "--json", "--tls"], [], ["map", "A", "--", "--json", "--tls"]),
        (["orgs", "--profile", "--json"], ["--profile", "--json"], ["orgs"]),
    ],
)
def test_global_options_move_in_front(given: list[str], in_front: list[str], rest: list[str]) -> None:
    assert hoisted(given) == (in_front, rest)


def test_a_global_option_without_its_value_never_swallows_the_command() -> None:
    with pytest.raises(UsageError, match="--database requires a value"):
        hoisted(["sync", "--database"])


def test_a_name_counts_without_case_and_blanks_and_an_id_comes_first() -> None:
    assert one_of("client", "fabrikam ", CLIENTS, listed_by="clients").id == 2
    assert one_of("client", "1", CLIENTS, listed_by="clients").id == 1
    assert client_ids((), CLIENTS) is None
    assert client_ids(("2", "Fabrikam"), CLIENTS) == {2}


def test_a_name_borne_by_two_is_refused_with_both_ids() -> None:
    with pytest.raises(UsageError, match=r"1 \(Contoso\) and 3") as refused:
        one_of("client", "contoso", CLIENTS, listed_by="clients")
    assert refused.value.exit_code == 2


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UsageError, match="no client 'Nobody'"):
        one_of("client", "Nobody", CLIENTS, listed_by="clients")


def test_texts_from_elsewhere_cannot_steer_the_terminal() -> None:
    assert plain("a\x1b[2Jb\x07c\r\x9bd\u202e\n\N{SNOWMAN}") == "a·[2Jb·c··d·\n\N{SNOWMAN}"


def test_version_and_help_need_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("stickysync ")
    assert main(["sync", "--help"]) == 0
    assert "--override-guard" in capsys.readouterr().out


def test_help_lists_every_command_with_its_words_in_the_order_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = [line.split(maxsplit=1) for line in capsys.readouterr().out.split("Commands:\n")[1].splitlines() if line]
    assert [name for name, _ in listed][:5] == ["demo", "doctor", "setup", "plan", "sync"]
    assert [name for name, _ in listed][-3:] == ["passphrase", "key", "schedule"]
    assert dict(listed)["link"] == "Link a password to an entry; the next sync updates it."


@pytest.mark.parametrize(
    ("mistyped", "words"),
    [
        (["sinc"], "No such command 'sinc'. Did you mean 'sync'?"),
        (["unlik"], "No such command 'unlik'. Did you mean 'unlink', 'link'?"),
        (["key", "sett"], "No such command 'sett'. Did you mean 'set'?"),
        (["sync", "--wiat", "5"], "No such option: --wiat (Possible options: --wait)."),
        (["autosync-set"], "Missing argument 'on|off'. Choose from on, off."),
        (["autosync-set", "ON"], "Invalid value for 'on|off': 'ON' is not one of 'on', 'off'."),
        (["autosync", "--every", "soon"], "Invalid value for '--every': 'soon' is not a valid integer."),
        (["sync", "--wait", "soon"], "Invalid value for '--wait': 'soon' is not a valid number."),
        (["key"], "Missing command."),
        ([], "Missing command."),
    ],
)
def test_a_mistyped_call_is_answered_with_what_it_may_have_meant(
    capsys: pytest.CaptureFixture[str], mistyped: list[str], words: str
) -> None:
    assert main(mistyped) == 2
    assert capsys.readouterr().err.splitlines()[0] == words
