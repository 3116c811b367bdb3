"""Types that a client gives the parameters of a statement: not those by which the catalogue is asked for names.

A parameter that is said to be a `regclass` is looked up when it comes in, and `'public.salaries'` is then an error or
not, as there is such a table or none, granted or not.
"""

import struct

from bailiwick.dataplane.gateways.sql.errors import StatementRefusedError

# regproc, regprocedure, regoper, regoperator, regclass, regtype, regconfig, regdictionary, regnamespace, regrole,
# regcollation, and the arrays of each (PostgreSQL, catalog/pg_type.dat).
_LOOKED_UP = frozenset(
    [24, 1008, 2202, 2207, 2203, 2208, 2204, 2209, 2205, 2210, 2206, 2211, 3734, 3735, 3769, 3770, 4089, 4090, 4096,
     4097, 4191, 4192]
)  # fmt: skip


def check_parameter_types(rest: bytes) -> None:
    """Refuse what follows the text in a Parse message (54.7 "Message Formats") when a type in it asks for names.

    Regtype is among them: drivers that ask for types do it in words, which are answered as the grant has it.
    """
    count = int.from_bytes(rest[:2])
    if len(rest) != 2 + 4 * count:
        raise StatementRefusedError("the types of the parameters do not end where they should", sqlstate="08P01")
    if _LOOKED_UP & set(struct.unpack(f"!{count}I", rest[2:])):
        raise StatementRefusedError(
            "a parameter cannot be a name in the catalogue", hint="leave its type open, or say that it is text"
        )
