"""What a MySQL server says before anybody logs in: whether it offers TLS.

Its first packet is a header of four bytes, the protocol (10), the version ended by a zero byte, the connection's id
(4 bytes), a part of the challenge (8 and a zero byte), and the lower half of its capabilities, 0x0800 being TLS
(MySQL's client/server protocol, Protocol::HandshakeV10).
"""

from __future__ import annotations

import asyncio

from stickysync_gui.domain.connection import DatabaseAddress

SECONDS = 5.0
_PROTOCOL = 10
_TLS = 0x0800
_FROM_VERSION_TO_CAPABILITIES = 4 + 8 + 1


async def offers_tls(address: DatabaseAddress) -> bool:
    """Whether the server offers TLS; also true when it does not say, so that nobody goes on in the clear by mistake."""
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            try:
                header = await reader.readexactly(4)
                packet = await reader.readexactly(int.from_bytes(header[:3], "little"))
            finally:
                writer.close()
    except (OSError, EOFError, TimeoutError):
        return True
    found = capabilities(packet)
    return found is None or bool(found & _TLS)


def capabilities(packet: bytes) -> int | None:
    """The lower half of the capabilities in a greeting without its header; None when it is none."""
    version_end = packet.find(b"\0", 1)
    at = version_end + 1 + _FROM_VERSION_TO_CAPABILITIES
    if not packet or packet[0] != _PROTOCOL or version_end < 0 or len(packet) < at + 2:
        return None
    return int.from_bytes(packet[at : at + 2], "little")
