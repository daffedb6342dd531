"""Requests off the wire and answers onto it, HTTP/1.1 by h11."""

import asyncio
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from stickysync_gui.sandbox.records import GlueRequest, GlueResponse

LARGEST_BODY = 32 * 1024 * 1024


async def read_request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> GlueRequest | None:
    """The next request of a connection; None when the client has closed it. h11.RemoteProtocolError on nonsense."""
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                go_on = connection.send(h11.InformationalResponse(status_code=100, headers=[]))
                writer.write(go_on or b"")
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise ConnectionError("the request body is too large")
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, bytes(body))
        else:
            return None


def _request(head: h11.Request, body: bytes) -> GlueRequest:
    target = urlsplit(head.target.decode("ascii"))
    return GlueRequest(
        method=head.method.decode("ascii"),
        path=unquote(target.path),
        query=parse_qsl(target.query, keep_blank_values=True),
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        body=body,
    )


def wire(connection: h11.Connection, request: GlueRequest, response: GlueResponse, now: float) -> bytes:
    """The bytes of an answer, header and body together; `now` (Unix seconds) becomes its Date header."""
    body = b"" if request.method == "HEAD" else response.body
    headers = [*response.headers.items(), ("date", formatdate(now, usegmt=True)), ("cache-control", "no-store")]
    if response.status not in (204, 304):
        headers.append(("content-length", str(len(response.body))))
    parts = [
        connection.send(h11.Response(status_code=response.status, headers=headers)),
        connection.send(h11.Data(data=body)) if body else b"",
        connection.send(h11.EndOfMessage()),
    ]
    return b"".join(part or b"" for part in parts)
