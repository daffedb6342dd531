"""`clients`, `orgs`, `map` and `unmap`: which client is documented in which organization."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stickysync_gui.cli.choosing import one_of
from stickysync_gui.cli.mapping_files import export_mapping, import_mapping
from stickysync_gui.cli.output import counted, table
from stickysync_gui.cli.program import Program, Reach
from stickysync_gui.cli.syntax import Integer
from stickysync_gui.domain.overview import ClientRow
from stickysync_gui.errors import ExitCode, ItGlueUnreachable, KeyRefused, UsageError

if TYPE_CHECKING:
    from stickysync_gui.backend import Backend
    from stickysync_gui.domain.matching import Suggestion
    from stickysync_gui.domain.overview import MappingOverview


@click.command("clients")
@click.pass_obj
def clients(program: Program) -> int:
    """List Automate's clients with their passwords and organizations."""

    async def act(backend: Backend) -> int:
        overview = await _overview_as_far_as_known(program, backend)
        names = {row.organization.id: row.organization.name for row in overview.organizations}
        program.output.result(
            lambda: {"clients": [_client_document(row) for row in overview.clients]},
            lambda: (
                table(
                    ("Client#", "Name", "Passwords#", "Organization"),
                    (
                        (row.client.id, row.client.name, row.password_count, _organizations_words(row, names))
                        for row in overview.clients
                    ),
                ),
                counted(len(overview.clients), "client"),
            ),
        )
        return ExitCode.DONE

    return program.run(act)


async def _overview_as_far_as_known(program: Program, backend: Backend) -> MappingOverview:
    """Both sides; with IT Glue out of reach the organizations have no names, but the list is still of use."""
    try:
        return await backend.mapping_overview()
    except (ItGlueUnreachable, KeyRefused) as problem:
        program.output.note(f"Organizations are shown by id only: {problem.happened}")
        return await backend.stored_mapping()


def _client_document(row: ClientRow) -> dict[str, object]:
    return {
        "id": row.client.id,
        "name": row.client.name,
        "company": row.client.company,
        "passwords": row.password_count,
        "organization_id": row.organization_id,
        "organization_ids": list(row.organization_ids),
        "exists": row.exists,
    }


def _organizations_words(row: ClientRow, names: dict[int, str]) -> str:
    words = ", ".join(f"{names.get(id_, '')} ({id_})".strip() for id_ in row.organization_ids)
    return f"conflict: {words}" if len(row.organization_ids) > 1 else words


@click.command("orgs")
@click.pass_obj
def organizations(program: Program) -> int:
    """List IT Glue's organizations with the number of clients mapped to each."""

    async def act(backend: Backend) -> int:
        rows = [(row, row.organization) for row in (await backend.mapping_overview()).organizations]
        program.output.result(
            lambda: {
                "organizations": [
                    {
                        "id": one.id,
                        "name": one.name,
                        "short_name": one.short_name,
                        "type": one.type_name,
                        "status": one.status_name,
                        "clients": row.client_count,
                        "exists": row.exists,
                    }
                    for row, one in rows
                ]
            },
            lambda: (
                table(
                    ("Organization#", "Name", "Short name", "Type", "Status", "Clients#"),
                    (
                        (one.id, one.name, one.short_name, one.type_name, one.status_name, row.client_count)
                        for row, one in rows
                    ),
                ),
                counted(len(rows), "organization"),
            ),
        )
        return ExitCode.DONE

    return program.run(act, Reach.ITGLUE)


@click.command("map")
@click.argument("client", required=False, help="Id or name.")
@click.argument("organization", required=False, metavar="[ORG]", help="Id or name.")
@click.option("--replace", is_flag=True, help="Also when the client is mapped to another organization.")
@click.option("--suggest", is_flag=True, help="Show the likely organization of unmapped clients.")
@click.option("--accept-above", type=Integer(0, 100), metavar="SCORE", help="Map what has this score or more.")
@click.option(
    "--import",
    "import_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Map from a CSV file.",
)
@click.option("--dry-run", is_flag=True, help="Only show what the import would do.")
@click.option(
    "--export",
    "export_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the mapping to a CSV file.",
)
@click.pass_obj
def map_(
    program: Program,
    client: str | None,
    organization: str | None,
    replace: bool,
    suggest: bool,
    accept_above: int | None,
    import_file: Path | None,
    dry_run: bool,
    export_file: Path | None,
) -> int:
    """Map a client to an organization; or suggest, import or export mappings."""
    ways = [client is not None, suggest, import_file is not None, export_file is not None]
    if sum(ways) != 1 or (client is not None and organization is None):
        raise _one_way("Give CLIENT and ORG, or one of --suggest, --import FILE, --export FILE.")
    if (accept_above is not None and not suggest) or (dry_run and import_file is None):
        raise _one_way("--accept-above belongs to --suggest, --dry-run to --import.")

    async def act(backend: Backend) -> int:
        if import_file is not None:
            return await import_mapping(program, backend, import_file, dry_run=dry_run, replace=replace)
        if export_file is not None:
            return await export_mapping(program, backend, export_file)
        if suggest:
            return await _suggest(program, backend, accept_above)
        return await _map_one(program, backend, client or "", organization or "", replace=replace)

    return program.run(act, Reach.ITGLUE)


def _one_way(todo: str) -> UsageError:
    return UsageError(happened="This is no complete `map` call.", unchanged="Nothing was changed.", todo=todo)


async def _map_one(program: Program, backend: Backend, client: str, organization: str, *, replace: bool) -> int:
    overview = await backend.mapping_overview()
    rows = {row.client.id: row for row in overview.clients if row.exists}
    chosen = one_of("client", client, (row.client for row in rows.values()), listed_by="clients")
    target = one_of(
        "organization",
        organization,
        (row.organization for row in overview.organizations if row.exists),
        listed_by="orgs",
    )
    before = rows[chosen.id].organization_ids
    changes = before != (target.id,)
    if changes and before and not replace:
        raise UsageError(
            happened=f"Client {chosen.id} ({chosen.name}) is mapped to {', '.join(map(str, before))}.",
            unchanged="The mapping was left as it is.",
            todo="Call again with --replace to map it to the other organization.",
        )
    if changes:
        await backend.map_clients({chosen.id: target.id}, {chosen.id: before})
    linked = (await backend.linked_password_counts([chosen.id])).get(chosen.id, 0) if changes and before else 0
    moved = (
        f"{counted(linked, 'linked password')} may now show as Moved; per password: "
        "`stickysync keep` leaves the entry where it is, `stickysync unlink` lets the next sync create it anew."
    )
    how = "now" if changes else "already"
    words = f"Client {chosen.id} ({chosen.name}) is {how} mapped to {target.id} ({target.name})."
    program.output.result(
        lambda: {
            "client_id": chosen.id,
            "organization_id": target.id,
            "changed": changes,
            "before": list(before),
            "linked_passwords": linked,
        },
        lambda: (words, moved) if linked else (words,),
    )
    return ExitCode.DONE


async def _suggest(program: Program, backend: Backend, accept_above: int | None) -> int:
    suggestions = await backend.suggestions()
    overview = await backend.mapping_overview()
    clients_by_id = {row.client.id: row for row in overview.clients}
    names = {row.organization.id: row.organization.name for row in overview.organizations}
    accepted = {s.client_id: s.organization_id for s in suggestions if _acceptable(s, accept_above)}
    if accepted:
        shown = {client_id: clients_by_id[client_id].organization_ids for client_id in accepted}
        await backend.map_clients(dict(accepted), shown)
    _show_suggestions(program, suggestions, accepted, {i: row.client.name for i, row in clients_by_id.items()}, names)
    return ExitCode.DONE


def _show_suggestions(
    program: Program,
    suggestions: Sequence[Suggestion],
    accepted: Container[int],
    clients: Mapping[int, str],
    organizations: Mapping[int, str],
) -> None:
    mapped = [s for s in suggestions if s.client_id in accepted]
    program.output.result(
        lambda: {
            "accepted": len(mapped),
            "suggestions": [
                {
                    "client_id": s.client_id,
                    "client_name": clients[s.client_id],
                    "organization_id": s.organization_id,
                    "organization_name": organizations[s.organization_id],
                    "score": s.score,
                    "reason": s.reason,
                    "namesakes": s.namesakes,
                    "accepted": s.client_id in accepted,
                }
                for s in suggestions
            ],
        },
        lambda: (
            table(
                ("Score#", "Client", "Organization", "Why", "Mapped"),
                (
                    (
                        s.score,
                        f"{clients[s.client_id]} ({s.client_id})",
                        f"{organizations[s.organization_id]} ({s.organization_id})",
                        f"{s.reason} {s.namesakes}".strip(),
                        "now" if s.client_id in accepted else "",
                    )
                    for s in suggestions
                ),
            ),
            f"{counted(len(suggestions), 'suggestion')}, {len(mapped)} accepted.",
        ),
    )


def _acceptable(suggestion: Suggestion, least: int | None) -> bool:
    """Whether nobody needs to look: good enough, and no other organization of that name."""
    return least is not None and suggestion.score >= least and not suggestion.namesakes


@click.command("unmap")
@click.argument("client", help="Id or name.")
@click.pass_obj
def unmap(program: Program, client: str) -> int:
    """Take a client's mapping away; nothing changes in IT Glue."""

    async def act(backend: Backend) -> int:
        overview = await backend.stored_mapping()
        rows = {row.client.id: row for row in overview.clients}
        chosen = one_of("client", client, (row.client for row in rows.values()), listed_by="clients")
        before = rows[chosen.id].organization_ids
        if before:
            await backend.map_clients({chosen.id: None}, {chosen.id: before})
        words = "is mapped to no organization any more" if before else "was not mapped"
        program.output.result(
            lambda: {"client_id": chosen.id, "changed": bool(before), "before": list(before)},
            lambda: (f"Client {chosen.id} ({chosen.name}) {words}.",),
        )
        return ExitCode.DONE

    return program.run(act)
