"""The health check that an app's manifest names: one request of the plane itself, of nobody."""

import asyncio
from pathlib import Path

_SECONDS = 5.0


async def is_healthy(socket: Path, path: str) -> bool:
    """Whether an app answers its check with a success in time."""
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nhost: app\r\nconnection: close\r\n\r\n".encode())
                words = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return False
    return len(words) > 1 and words[1].startswith(b"2")
