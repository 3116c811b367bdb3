"""Functions of a database that its administrators let statements call beside those that the gateway knows, as text.

One a line, by schema, name and the types of its arguments; `volatile` and `definer` behind it say that somebody knows
that the database marks it so: as one that may do something, or that runs with the rights of its owner.
"""

import re
from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from bailiwick.core.errors import InvalidInputError

_MOST = 200
_LINE = re.compile(
    r"([a-z_][a-z0-9_]{0,62})\.([a-z_][a-z0-9_]{0,62})\(([a-z0-9_ ,\[\]]*)\)((?: +(?:volatile|definer))*)"
)
# The types of arguments, as PostgreSQL names them itself; others could ask the catalogue, or run code of their own.
_TYPES = frozenset(
    """
    bool bytea date float4 float8 int2 int4 int8 interval json jsonb numeric text time timestamp timestamptz
    timetz uuid varchar
    """.split()
)
_ALSO = {
    "boolean": "bool", "smallint": "int2", "int": "int4", "integer": "int4", "bigint": "int8", "real": "float4",
    "double precision": "float8", "decimal": "numeric", "character varying": "varchar",
    "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
}  # fmt: skip
_OWN_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})
# Functions of usual extensions that run a text as a statement, reach other databases, hosts, files or processes, or
# change settings: with one of these no grant would mean anything.
_DANGEROUS = re.compile(
    r"pg_.*|lo_.*|dblink.*|postgres_fdw.*|file_fdw.*|binary_upgrade_.*|query_to_.*|cursor_to_.*|table_to_.*"
    r"|schema_to_.*|database_to_.*|xpath_table|crosstab.*|connectby|ts_stat|ts_rewrite|set_config|current_setting"
    r"|nextval|setval|http.*|urlencode_http|net_http.*|aws_.*|exec.*|run_command.*|run_job.*|plv8.*|cron_.*"
    r"|schedule.*|to_reg.*|has_.*_privilege|inet_.*"
)


class AllowedFunction(BaseModel):
    """A function with the types of its arguments (`int4`, `text[]`), and what is known of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    namespace: str
    name: str
    arguments: tuple[str, ...]
    volatile: bool = False
    definer: bool = False

    @property
    def words(self) -> str:
        """It as a line of the text."""
        known = [word for word, said in (("volatile", self.volatile), ("definer", self.definer)) if said]
        return " ".join([f"{self.namespace}.{self.name}({', '.join(self.arguments)})", *known])


def read_functions(text: str) -> tuple[AllowedFunction, ...]:
    """Return the functions that a text allows, by name; raise `InvalidInputError` with what is wrong."""
    lines = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.split("\n"), start=1)]
    found = [_read_line(number, line) for number, line in lines if line]
    if len(found) > _MOST:
        raise InvalidInputError(f"these are more than {_MOST} functions", hint="allow what apps need")
    _require_told_apart(found)
    return tuple(sorted(found, key=lambda item: item.words))


def _read_line(number: int, line: str) -> AllowedFunction:
    match = _LINE.fullmatch(line)
    if match is None:
        raise InvalidInputError(
            f"line {number} is no function: {line[:80]!r}",
            hint="as in: reporting.risk_of(numeric, text), in small letters",
        )
    namespace, name, listed, known = match.groups()
    if namespace in _OWN_SCHEMAS or namespace.startswith("pg_"):
        raise InvalidInputError(
            f"line {number}: {namespace} is PostgreSQL's own",
            hint="of its functions the gateway itself knows which are safe",
        )
    if _DANGEROUS.fullmatch(name):
        raise InvalidInputError(
            f"line {number}: {name} is known to reach past every grant",
            hint="wrap what is needed of it in a function of yours",
        )
    arguments = tuple(_type(number, part) for part in listed.split(",")) if listed.strip() else ()
    return AllowedFunction(
        namespace=namespace, name=name, arguments=arguments, volatile="volatile" in known, definer="definer" in known
    )


def _type(number: int, said: str) -> str:
    words = " ".join(said.split())
    plain = words.removesuffix("[]").rstrip()
    name = _ALSO.get(plain, plain)
    if name not in _TYPES:
        raise InvalidInputError(
            f"line {number}: arguments of the type {plain[:60]!r} are not passed on",
            hint=f"these are: {', '.join(sorted(_TYPES))}",
        )
    return f"{name}[]" if words.endswith("[]") else name


def _require_told_apart(found: Iterable[AllowedFunction]) -> None:
    """A call is told by its name and the number of its arguments: the types are put in, so that it is no other one."""
    counted = Counter((item.namespace, item.name, len(item.arguments)) for item in found)
    for (namespace, name, arguments), times in counted.items():
        if times > 1:
            raise InvalidInputError(
                f"{namespace}.{name} is there twice with {arguments} arguments", hint="allow the one that apps need"
            )
