"""Rows of a page as the protocol has them."""

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bailiwick.dataplane.database_files.kinds import ValueFaultError, encode
from bailiwick.dataplane.gateways.sql.engines.model import Batch, EngineFaultError

_NULL = struct.pack("!i", -1)
Decode = Callable[[Any], object]


def batch(
    rows: Iterable[Sequence[Any]], decoders: Sequence[Decode], kinds: Sequence[str], formats: Sequence[bool]
) -> Batch:
    """Return rows whose values are decoded, and coded by type and format (true is binary).

    Raises `EngineFaultError` for a row that is none, and for a value of another type.
    """
    made: list[bytes] = []
    try:
        for row in rows:
            parts: list[bytes] = []
            for value, decode, kind, binary in zip(row, decoders, kinds, formats, strict=True):
                if value is None:
                    parts.append(_NULL)
                    continue
                data = encode(kind, decode(value), binary=binary)
                parts += [struct.pack("!i", len(data)), data]
            inner = b"".join(parts)
            made.append(b"D" + struct.pack("!IH", len(inner) + 6, len(kinds)) + inner)
    except ValueFaultError as fault:
        raise EngineFaultError(str(fault), fault.sqlstate) from None
    except (ValueError, TypeError, ArithmeticError, KeyError):
        raise EngineFaultError("the database answers other rows than it said", "08P01") from None
    return Batch(b"".join(made), len(made))
