"""The model gateway's listeners: connections of callers, call after call."""

import json
from collections.abc import Sequence

from bailiwick.core.messages import ModelState
from bailiwick.core.prompt_logs import LOG_PATH
from bailiwick.dataplane.channel import Channel, TooLongError
from bailiwick.dataplane.gateways.calls import CallListener
from bailiwick.dataplane.gateways.model.doors import Door
from bailiwick.dataplane.gateways.model.errors import render
from bailiwick.dataplane.gateways.model.exchange import Exchange
from bailiwick.dataplane.gateways.model.gateway import ModelGateway
from bailiwick.dataplane.gateways.model.headers import own_answer
from bailiwick.dataplane.gateways.model.log_door import MOST_FORM_BYTES, LogDoor
from bailiwick.dataplane.gateways.model.model import Family
from bailiwick.dataplane.gateways.model.paths import ENDPOINTS, LIST_PATH, endpoint_at
from bailiwick.dataplane.gateways.refusals import CallRefusedError
from bailiwick.dataplane.router.bodies import whole_body
from bailiwick.dataplane.router.pages import Page
from bailiwick.dataplane.router.pages import render as render_page
from bailiwick.dataplane.router.watch import Watch
from bailiwick.dataplane.router.wire import BadRequestError, RequestHead, render_head

_FORM_SECONDS = 20.0


class ModelListener(CallListener):
    """Serves every connection to one socket, which is one door; `log` shows what is kept of calls, where it may."""

    def __init__(self, gateway: ModelGateway, door: Door, log: LogDoor | None = None) -> None:
        super().__init__()
        self._log = log
        self._gateway = gateway
        self._door = door

    async def refuse(self, client: Channel, fault: CallRefusedError) -> None:
        """Answer what is no request at all; which wire its caller speaks is not known."""
        await _say(client, fault, "openai")

    async def serve(self, client: Channel, watch: Watch, head: RequestHead) -> bool:
        """Serve one call; return whether another may follow on this connection."""
        path = head.target.partition("?")[0]
        family: Family = "anthropic" if b"anthropic-version" in head.first else "openai"
        found = endpoint_at(path)
        if found is not None and head.method == "POST":
            return await Exchange(self._gateway, self._door, client, watch, head, *found).run()
        if path == LIST_PATH and head.method == "GET" and head.length == 0:
            return await self._list(client, head, family)
        if path == LOG_PATH and self._log is not None and head.method in {"GET", "POST"}:
            return await self._read_log(self._log, client, watch, head)
        if found is not None or path == LIST_PATH:
            wanted = "GET" if path == LIST_PATH else "POST"
            return await _say(client, CallRefusedError(405, f"{path} takes {wanted} only"), family)
        paths = ", ".join((*ENDPOINTS, LIST_PATH))
        return await _say(client, CallRefusedError(404, f"the gateway has no such path; it has {paths}"), family)

    async def _read_log(self, log: LogDoor, client: Channel, watch: Watch, head: RequestHead) -> bool:
        for_people = "text/html" in head.get(b"accept") and head.method == "POST"
        try:
            form = await _form(client, watch, head)
            if for_people:
                headers, body = await log.page(head, client.address, form)
            else:
                body = json.dumps(await log.answer(head, client.address, form)).encode()
        except CallRefusedError as fault:
            return await (_show if for_people else _say)(client, fault, "openai")
        if for_people:
            client.write(render_head(b"HTTP/1.1 200 OK", [*headers, (b"connection", b"close")]) + body)
        else:
            client.write(own_answer(200, body, keep_alive=head.keep_alive))
        await client.drain()
        return head.keep_alive and not for_people

    async def _list(self, client: Channel, head: RequestHead, family: Family) -> bool:
        try:
            caller = await self._door.caller(head, client.address)
        except CallRefusedError as fault:
            return await _say(client, fault, family)
        models = [model for model in self._gateway.allowed(caller) if model.surface == family]
        body = json.dumps(_listed(models, family)).encode()
        client.write(own_answer(200, body, keep_alive=head.keep_alive))
        await client.drain()
        return head.keep_alive


async def _form(client: Channel, watch: Watch, head: RequestHead) -> bytes:
    """Return the body of a form; raise `CallRefusedError` for one that is too large or broken."""
    watch.expect(client, _FORM_SECONDS)
    try:
        return await whole_body(client, head.length, MOST_FORM_BYTES)
    except TooLongError:
        raise CallRefusedError(413, f"a form is at most {MOST_FORM_BYTES // 1024} KiB") from None
    except BadRequestError as fault:
        raise CallRefusedError(400, str(fault)) from None
    finally:
        watch.rest()


async def _show(client: Channel, fault: CallRefusedError, _family: Family) -> bool:
    title = "The log of prompts was not opened"
    page = Page(fault.status, fault.message, "Open it again in the console: Prompt logs.", title=title)
    headers, body = render_page(page, as_json=False)
    client.write(render_head(b"HTTP/1.1 %d Refused" % fault.status, [*headers, (b"connection", b"close")]) + body)
    await client.drain()
    return False


async def _say(client: Channel, fault: CallRefusedError, family: Family) -> bool:
    # The request's body was not read, so nothing may follow on this connection.
    client.write(own_answer(fault.status, render(fault, family), keep_alive=False))
    await client.drain()
    return False


def _listed(models: Sequence[ModelState], family: Family) -> dict[str, object]:
    """Return the list of models as a wire has it; when a model was made is not ours to know."""
    if family == "anthropic":
        data = [
            {"type": "model", "id": model.name, "display_name": model.name, "created_at": "1970-01-01T00:00:00Z"}
            for model in models
        ]
        ends = {"first_id": models[0].name if models else None, "last_id": models[-1].name if models else None}
        return {"data": data, "has_more": False, **ends}
    owned = [{"id": model.name, "object": "model", "created": 0, "owned_by": "bailiwick"} for model in models]
    return {"object": "list", "data": owned}
