"""Small HTTP requests on a socket that is planted in a sandbox: each is read whole, within bounds, and answered."""

from collections.abc import Awaitable, Callable

from bailiwick.dataplane.channel import Channel, TooLongError, linger
from bailiwick.dataplane.router.bodies import whole_body
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import MAX_HEAD_BYTES, BadRequestError, RequestHead, parse_request

_HEAD_SECONDS, _BODY_SECONDS = 120.0, 30.0


class UnreadRequestError(Exception):
    """A request cannot be read; nothing may follow it on its connection."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


async def serve_requests(client: Channel, serve: Callable[[Channel, Watch], Awaitable[bool]]) -> None:
    """Serve requests of a connection until one says that none may follow."""
    watch = Watch()
    try:
        while await serve(client, watch):
            pass
        await linger(client)
    finally:
        watch.stop()


async def read_request(client: Channel, watch: Watch, most_bytes: int) -> tuple[RequestHead, bytes]:
    """Return the next request with its body; raise `UnreadRequestError`."""
    watch.expect(client, _HEAD_SECONDS)
    try:
        head = parse_request(await client.until(b"\r\n\r\n", MAX_HEAD_BYTES))
        watch.expect(client, _BODY_SECONDS)
        return head, await whole_body(client, head.length, most_bytes)
    except TooLongError:
        raise UnreadRequestError(413, f"larger than {most_bytes // 1024} KiB") from None
    except BadRequestError as fault:
        raise UnreadRequestError(400, str(fault)) from None
    finally:
        watch.rest()
