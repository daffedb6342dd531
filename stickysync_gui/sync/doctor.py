"""The self-check behind Test and `stickysync doctor`: one finding a check, each with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from stickysync_gui.domain.findings import Finding, Verdict
from stickysync_gui.domain.records import ValueState
from stickysync_gui.errors import StickySyncError
from stickysync_gui.itglue.access import no_password_access
from stickysync_gui.itglue.answers import Refused
from stickysync_gui.itglue.client import ItGlue
from stickysync_gui.storage import probes
from stickysync_gui.storage.database import Database, ServerFacts
from stickysync_gui.storage.schema import TablesFound

Say = Callable[[Finding], None]
CLOCK_SECONDS = 120
"""Difference between this PC's clock and the server's from which people would be misled by the times shown."""


async def check_database(database: Database, tables: TablesFound, facts: ServerFacts, say: Say) -> None:
    """Everything that can be checked on Automate's side; a failed check does not stop the next."""
    say(Finding("Database", Verdict.OK, f"Connected to {database.address.words()} ({facts.version})."))
    say(_way(database, facts))
    account = await database.run(probes.account)
    for table in probes.READ_TABLES:
        await _can_read(database, table, account, say)
    say(_tables(tables))
    for problem in tables.problems():
        say(Finding("Id columns and versions", Verdict.WARNING, problem, "Sync refuses only when an id does not fit."))
    for table in tables.present:
        await _can_write(database, table, account, say)
    if not tables.missing:
        await _other_plugin(database, say)
    await _scheme(database, say)
    say(_clock(facts))


NO_DATABASE = Finding("Database", Verdict.FAILED, "No database is connected.", "Connect on the Configuration tab.")


def key_unusable(error: StickySyncError) -> Finding:
    """The finding for a key that cannot be opened."""
    return Finding("API key", Verdict.FAILED, error.happened, error.todo)


async def check_itglue(glue: ItGlue, say: Say) -> None:
    """Reach, key and Password Access; the key could be opened."""
    say(Finding("API key", Verdict.OK, "It can be read."))
    try:
        await glue.probe()
    except StickySyncError as error:
        say(Finding("IT Glue", Verdict.FAILED, error.happened, error.todo))
        return
    say(Finding("IT Glue", Verdict.OK, f"{glue.host} accepts the API key."))
    try:
        await glue.probe_passwords()
    except Refused as refused:
        no_access = no_password_access(glue.host, refused)
        say(Finding("Password Access", Verdict.FAILED, no_access.happened, no_access.todo))
    except StickySyncError as error:
        say(Finding("Password Access", Verdict.FAILED, error.happened, error.todo))
    else:
        say(Finding("Password Access", Verdict.OK, "The key may read passwords; whether it may write shows at a sync."))


def _way(database: Database, facts: ServerFacts) -> Finding:
    if facts.encrypted:
        return Finding("TLS", Verdict.OK, f"The connection is encrypted ({database.address.tls.value}).")
    if database.address.is_loopback:
        return Finding("TLS", Verdict.OK, "The connection stays on this computer.")
    words = "The connection is not encrypted: user names and encrypted values cross the network in the clear."
    return Finding("TLS", Verdict.WARNING, words, "Switch TLS on at the server, then choose pin or verify.")


async def _can_read(database: Database, table: str, account: str, say: Say) -> None:
    name = f"Read {table}"
    try:
        lacking = await database.run(probes.unreadable_columns, table)
    except StickySyncError as error:
        say(Finding(name, Verdict.FAILED, error.happened, error.todo))
        return
    if lacking:
        words = f"{account} may not read {', '.join(lacking)} of {table}."
        say(Finding(name, Verdict.FAILED, words, _grant(database, f"SELECT ({', '.join(lacking)})", table, account)))
    else:
        say(Finding(name, Verdict.OK, "Allowed."))


async def _can_write(database: Database, table: str, account: str, say: Say) -> None:
    name = f"Rights on {table}"
    try:
        lacking = await database.run(probes.rights_lacking, table)
    except StickySyncError as error:
        say(Finding(name, Verdict.FAILED, error.happened, error.todo))
        return
    if lacking:
        words = f"{account} lacks {', '.join(lacking)} on {table}."
        if "SELECT" not in lacking:
            words += " Looking and planning work all the same."
        say(Finding(name, Verdict.FAILED, words, _grant(database, ", ".join(lacking), table, account)))
    else:
        say(Finding(name, Verdict.OK, "Allowed."))


def _grant(database: Database, rights: str, table: str, account: str) -> str:
    return f"Let a DBA run: GRANT {rights} ON `{database.address.schema}`.`{table}` TO {account};"


def _tables(tables: TablesFound) -> Finding:
    if not tables.missing:
        return Finding("Plugin tables", Verdict.OK, "All six are present.")
    words = f"Missing: {', '.join(tables.missing)}."
    return Finding(
        "Plugin tables",
        Verdict.FAILED,
        words,
        ("Create them on the Configuration tab (stickysync setup), or hand the SQL to a DBA (--show-sql)."),
    )


async def _other_plugin(database: Database, say: Say) -> None:
    try:
        newer = await database.run(probes.links_newer_than_our_runs)
    except StickySyncError:
        say(Finding("Other plugin", Verdict.NOT_CHECKED, "The links and runs could not be read."))
        return
    if newer:
        words = f"{newer} links were synced after the last run of this program: the Control Center plugin seems active."
        remedy = (
            "Two that sync create entries twice. In the Control Center open Tools > Plugin Manager, disable StickySync "
            "there, and restart the Control Center."
        )
        say(Finding("Other plugin", Verdict.WARNING, words, remedy))
    else:
        say(Finding("Other plugin", Verdict.OK, "No sign of an active Control Center plugin."))


async def _scheme(database: Database, say: Say) -> None:
    try:
        states = await database.run(probes.sample_values)
    except StickySyncError:
        say(Finding("Encryption", Verdict.NOT_CHECKED, "The passwords could not be read."))
        return
    readable = sum(1 for state in states if state in (ValueState.READABLE, ValueState.EMPTY))
    words = f"{readable} of {len(states)} values tried can be decrypted."
    if not states:
        say(Finding("Encryption", Verdict.OK, "There are no values to try."))
    elif readable * 2 < len(states):
        remedy = "This server seems to use Automate's newer encryption, which this program cannot read; sync stops."
        say(Finding("Encryption", Verdict.FAILED, words, remedy))
    else:
        say(Finding("Encryption", Verdict.OK, words))


def _clock(facts: ServerFacts) -> Finding:
    seconds = abs((datetime.now(UTC).replace(tzinfo=None) - facts.utc).total_seconds())
    if seconds > CLOCK_SECONDS:
        words = f"This PC's clock and the server's differ by {seconds:.0f} s."
        return Finding("Clock", Verdict.WARNING, words, "Set them right; times shown may mislead, syncing is unharmed.")
    return Finding("Clock", Verdict.OK, "This PC's clock and the server's agree.")
