"""AutoSync rounds in the run table, where every PC sees them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, DateTime, func, select

from stickysync_gui.domain.autosync import AutoSyncState, LastRound
from stickysync_gui.storage import plugin, probes
from stickysync_gui.storage import tables as t
from stickysync_gui.storage.run_table import ENDED_WELL

AUTOSYNC = "autosync"


def autosync_state(connection: Connection, interval_minutes: int) -> AutoSyncState:
    """Where AutoSync stands by the run table and the server's clock.

    Args:
        interval_minutes: between rounds.
    """
    now = connection.scalar(select(func.UTC_TIMESTAMP(type_=DateTime)))
    c = t.run.c
    row = connection.execute(
        select(c.EndedAt, c.StartedBy, c.Computer)
        .where(c.Kind == AUTOSYNC, c.Ended.in_(ENDED_WELL), c.EndedAt.is_not(None))
        .order_by(c.EndedAt.desc())
        .limit(1)
    ).one_or_none()
    last = LastRound(row.EndedAt, row.StartedBy, row.Computer) if row and isinstance(row.EndedAt, datetime) else None
    return AutoSyncState(
        now=now or datetime.min,
        interval_minutes=interval_minutes,
        last=last,
        ticked=len(plugin.ticked(connection)),
        other_plugin_links=probes.links_newer_than_our_runs(connection),
    )
