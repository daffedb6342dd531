"""A bug that quotes an Automate value, planted into a process by `Desk.start(prelude=...)`."""

from typing import Any

from stickysync_gui.domain.records import Field
from stickysync_gui.itglue import documents


def plant() -> None:
    """From now on no entry can be created, for a reason that Python words with the value in it."""

    def create_body(organization_id: int, payload: Any, category_id: int | None) -> bytes:
        return bytes(int(payload[Field.PASSWORD].reveal()))

    documents.create_body = create_body
