"""A translated database as one app uses it: the way there, and the translations that are known."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from bailiwick.core.errors import UnavailableError
from bailiwick.core.grants import DataGrant, Operation
from bailiwick.dataplane.gateways.sql.engines.masking import Masking
from bailiwick.dataplane.gateways.sql.engines.model import DialectName, Engine, NotTranslatedError, Schema, Translated
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

_KEPT = 300
# A longer one is translated beside the event loop, which all apps wait for.
_LONG_CHARACTERS, _MOST_CHARACTERS = 1000, 30_000
_Translate = Callable[[str, Schema, DialectName, Mapping[int, str]], Translated]
_Key = tuple[str, tuple[tuple[int, str], ...], int]


async def _no_key() -> str:
    raise UnavailableError("the key of masks is not there")


@dataclass
class Backend:
    """An engine, for one socket of an app; `mask_key` returns the key of masks, in hexadecimal digits."""

    engine: Engine
    grant: DataGrant
    mask_key: Callable[[], Awaitable[str]] = _no_key
    _known: OrderedDict[_Key, Translated | StatementRefusedError] = field(default_factory=OrderedDict)
    _schemas: list[Schema] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        """Whether the grant lets the app change anything."""
        return any(table.operations - {Operation.SELECT} for table in self.grant.tables)

    async def masking(self) -> Masking | None:
        """Return what masks answers, None where no column needs it; raise `BailiwickError` when it cannot be had."""
        return Masking(bytes.fromhex(await self.mask_key())) if self.grant.is_keyed else None

    async def translate(self, sql: str, schema: Schema, declared: Mapping[int, str]) -> Translated:
        """Return a translation, which may be known; raise `StatementRefusedError` when there is none."""
        key = (sql, tuple(sorted(declared.items())), self._number(schema))
        found = self._known.get(key)
        if found is None:
            found = await self._made(sql, schema, declared)
            self._known[key] = found
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        if isinstance(found, StatementRefusedError):
            raise found.with_traceback(None)
        return found

    async def _made(self, sql: str, schema: Schema, declared: Mapping[int, str]) -> Translated | StatementRefusedError:
        if len(sql) > _MOST_CHARACTERS:
            return NotTranslatedError(
                f"a statement of more than {_MOST_CHARACTERS} characters is not translated", sqlstate="54001"
            )
        translate = await _translator()
        try:
            if len(sql) > _LONG_CHARACTERS:
                return await asyncio.to_thread(translate, sql, schema, self.engine.dialect, declared)
            return translate(sql, schema, self.engine.dialect, declared)
        except StatementRefusedError as fault:
            return fault

    def _number(self, schema: Schema) -> int:
        """Return the number of a schema: tables change seldom, and connections that see the same share translations."""
        if schema not in self._schemas:
            self._schemas.append(schema)
        return self._schemas.index(schema)


async def _translator() -> _Translate:
    """Return what translates. It is large, and loaded with the first statement that needs it, beside the event loop."""
    return await asyncio.to_thread(_loaded) if not _loaded.cache_info().currsize else _loaded()


@cache
def _loaded() -> _Translate:
    from bailiwick.dataplane.gateways.sql.engines.translating import translate  # noqa: PLC0415 - large

    return translate
