"""An app's schema as the catalogue has it: as text, the same for the same schema, and as what the app may use."""

from bailiwick.core.grants import ColumnGrant, DataGrant, Operation, TableGrant
from bailiwick.dataplane.databases.server import Connected

_EVERYTHING = frozenset(Operation)
# Written by the server itself, line by line; names and definitions are PostgreSQL's own spelling (pg_get_…def).
_DESCRIPTION = r"""
WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'bailiwick'))
SELECT line FROM (
  SELECT format('%s %s', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
      ELSE 'table' END, c.oid::regclass)
      || CASE WHEN c.relrowsecurity THEN ' row security' ELSE '' END
      || CASE WHEN c.relkind IN ('v', 'm') THEN ' as ' || regexp_replace(pg_get_viewdef(c.oid), '\s+', ' ', 'g') ELSE '' END
      AS line
    FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL
  SELECT format('column %s.%s %s %s%s%s%s%s', a.attrelid::regclass,
      lpad(row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)::text, 4, '0'), a.attname,
      format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
      coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
      CASE WHEN a.attidentity <> '' THEN ' identity ' || a.attidentity::text ELSE '' END,
      CASE WHEN a.attgenerated <> '' THEN ' generated ' || a.attgenerated::text ELSE '' END)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace IN (SELECT oid FROM ours) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace IN (SELECT oid FROM ours) AND contype <> 'n'
  UNION ALL
  SELECT format('index %s%s', pg_get_indexdef(i.indexrelid), CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace IN (SELECT oid FROM ours)
  UNION ALL
  SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace IN (SELECT oid FROM ours) AND NOT t.tgisinternal
  UNION ALL
  SELECT format('function %s', regexp_replace(pg_get_functiondef(p.oid), '\s+', ' ', 'g')) FROM pg_proc p
    WHERE p.pronamespace IN (SELECT oid FROM ours) AND p.prokind IN ('f', 'p')
  UNION ALL
  SELECT format('policy %s %s %s %s %s', p.polname, p.polrelid::regclass, p.polcmd,
      coalesce(pg_get_expr(p.polqual, p.polrelid), ''), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace IN (SELECT oid FROM ours)
  UNION ALL
  SELECT format('enum %s %s', t.oid::regtype, string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder))
    FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typnamespace IN (SELECT oid FROM ours) GROUP BY t.oid
  UNION ALL
  SELECT format('domain %s %s', t.oid::regtype, format_type(t.typbasetype, t.typtypmod))
    FROM pg_type t WHERE t.typnamespace IN (SELECT oid FROM ours) AND t.typtype = 'd'
  UNION ALL
  SELECT format('schema %s', nspname) FROM pg_namespace WHERE oid IN (SELECT oid FROM ours)
) lines ORDER BY line COLLATE "C"
"""  # noqa: E501
_TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum),
       array_agg(a.attgenerated = '' ORDER BY a.attnum), c.relkind IN ('r', 'p')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm')
GROUP BY n.nspname, c.relname, c.relkind ORDER BY c.relname
"""
_RIGHTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
)


async def describe(connection: Connected) -> str:
    """Return the schema as text, one thing a line, the same whatever order things were made in."""
    found = await connection.execute(_DESCRIPTION)
    return "".join(f"{row[0]}\n" for row in await found.fetchall())


async def open_to(connection: Connected, role: str) -> None:
    """Let the app's role use every table, and change none."""
    for statement in _RIGHTS:
        await connection.execute(statement.format(role=f'"{role}"'))


async def grant_of(connection: Connected, app: str) -> DataGrant:
    """Return what an app may do in its own database: read and write each table as it is now, see each view."""
    found = await connection.execute(_TABLES)
    return DataGrant(
        integration=f"the database of {app}",
        tables=tuple(
            TableGrant.model_validate(
                {
                    "namespace": namespace,
                    "relation": relation,
                    "operations": _EVERYTHING if is_table else {Operation.SELECT},
                    "columns": [
                        ColumnGrant(name=name, writable=bool(is_table and plain))
                        for name, plain in zip(names, plains, strict=True)  # type: ignore[call-overload]
                    ],
                }
            )
            for namespace, relation, names, plains, is_table in await found.fetchall()
        ),
    )
