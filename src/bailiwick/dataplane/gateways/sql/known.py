"""What statements were rewritten to, kept for each socket apart; long ones are rewritten beside the event loop.

All apps of a plane share the loop, and a long statement takes half a second to rewrite. Another process does that, one
statement of each app in turn; and no statements of an app push those of another out of what is kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from weakref import WeakKeyDictionary, WeakValueDictionary

from bailiwick.core.grants import DataGrant
from bailiwick.core.sql_functions import AllowedFunction
from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError
from bailiwick.dataplane.gateways.sql.keyed import MaskedBy
from bailiwick.dataplane.gateways.sql.rewrite import MAX_STATEMENT_CHARACTERS
from bailiwick.dataplane.gateways.sql.rewriting import Answer, LostStatementError, RewritingProcess, answer_to
from bailiwick.dataplane.gateways.sql.statements import Plan

LONG_CHARACTERS = 2000
_KEPT, _KEPT_CHARACTERS = 500, 2_000_000
_Key = tuple[str, tuple[tuple[str, str], ...], MaskedBy]
Functions = tuple[AllowedFunction, ...]


class _Kept:
    """The answers of one socket, the newest last, up to a number and a size."""

    def __init__(self) -> None:
        self._answers: OrderedDict[_Key, Answer] = OrderedDict()
        self._characters = 0
        self._functions: Functions = ()

    def under(self, functions: Functions) -> "_Kept":
        """Return it, empty when other functions may be called than when it was filled."""
        if functions is not self._functions and functions != self._functions:
            self._answers.clear()
            self._characters = 0
        self._functions = functions
        return self

    def is_under(self, functions: Functions) -> bool:
        """Return whether these may still be called, and no others."""
        return functions == self._functions

    def get(self, key: _Key) -> Answer | None:
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def forget(self, key: _Key) -> None:
        if self._answers.pop(key, None) is not None:
            self._characters -= len(key[0])

    def put(self, key: _Key, answer: Answer) -> None:
        self.forget(key)
        self._answers[key] = answer
        self._characters += len(key[0])
        while len(self._answers) > 1 and (len(self._answers) > _KEPT or self._characters > _KEPT_CHARACTERS):
            self._characters -= len(self._answers.popitem(last=False)[0][0])


class KnownRewrites:
    """Rewrites, or remembers. `of` is the socket that a statement came on; what is kept of it goes with it."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[object, _Kept] = WeakKeyDictionary()
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._beside = RewritingProcess()

    @staticmethod
    def is_long(sql: str) -> bool:
        """Return whether a statement should be foreseen: it is long, and not so long that it is refused for that."""
        return LONG_CHARACTERS < len(sql) <= MAX_STATEMENT_CHARACTERS

    def rewrite(
        self,
        plain: str,
        grant: DataGrant,
        attributes: Mapping[str, str],
        *,
        of: object,
        functions: Functions = (),
        masked_by: MaskedBy = MaskedBy.DATABASE,
    ) -> Plan:
        """Return what a statement becomes; raise `StatementRefusedError` when it becomes nothing."""
        kept, key = self._kept.setdefault(of, _Kept()).under(functions), _key(plain, attributes, masked_by)
        answer = kept.get(key)
        if answer is None:
            answer = answer_to(plain, grant, attributes, functions, masked_by)
            kept.put(key, answer)
        if isinstance(answer, LostStatementError):
            kept.forget(key)
        if isinstance(answer, StatementRefusedError):
            raise answer.with_traceback(None)
        return answer

    async def foresee(
        self,
        plain: str,
        grant: DataGrant,
        attributes: Mapping[str, str],
        *,
        of: object,
        line: str,
        functions: Functions = (),
        masked_by: MaskedBy = MaskedBy.DATABASE,
    ) -> None:
        """Have a statement rewritten by the other process, unless it is known; one of a line at a time."""
        kept, key = self._kept.setdefault(of, _Kept()).under(functions), _key(plain, attributes, masked_by)
        lock = self._lines.setdefault(line, asyncio.Lock())
        async with lock:
            if kept.get(key) is None:
                answer = await self._beside.ask(plain, grant, attributes, functions, masked_by)
                if kept.is_under(functions):
                    kept.put(key, answer)


def _key(plain: str, attributes: Mapping[str, str], masked_by: MaskedBy) -> _Key:
    return plain, tuple(sorted(attributes.items())), masked_by
