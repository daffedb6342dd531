"""What a drag carries: ids alone, so that a list read anew meanwhile does no harm."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData

CLIENTS = "application/x-stickysync-clients"
ORGANIZATIONS = "application/x-stickysync-organizations"


def carry(kind: str, ids: Iterable[int]) -> QMimeData:
    """Mime data with these ids."""
    data = QMimeData()
    data.setData(kind, ",".join(str(id_) for id_ in ids).encode())
    return data


def carried(data: QMimeData, kind: str) -> list[int]:
    """The ids of that kind in mime data; none when it is foreign or damaged."""
    if not data.hasFormat(kind):
        return []
    try:
        return [int(part) for part in bytes(data.data(kind).data()).decode("ascii").split(",")]
    except ValueError:
        return []
