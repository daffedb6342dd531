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
