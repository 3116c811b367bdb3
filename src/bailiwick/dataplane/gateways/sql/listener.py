"""The listener of one planted socket: whoever connects there is that app, using that integration."""

import secrets
import struct
from typing import Any

from bailiwick.dataplane.channel import Channel
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.engines import TranslatedSession
from bailiwick.dataplane.gateways.sql.gateway import SqlGateway
from bailiwick.dataplane.gateways.sql.session import SqlSession
from bailiwick.dataplane.listening import Listener


class SqlListener(Listener):
    """Serves every connection to one socket as a session of the gateway."""

    def __init__(self, gateway: SqlGateway, binding: Binding) -> None:
        super().__init__(self._session)
        self._gateway = gateway
        self._binding = binding
        self._sessions: dict[bytes, Any] = {}

    async def _session(self, channel: Channel) -> None:
        key = struct.pack("!II", secrets.randbits(31), secrets.randbits(31))
        backend = self._gateway.translated(self._binding)
        try:
            if backend is not None:
                session = TranslatedSession(self._gateway, self._binding, channel, key, self._sessions, backend)
                await session.run()
                return
            await SqlSession(self._gateway, self._binding, channel, key, self._sessions).run()
        finally:
            self._sessions.pop(key, None)
