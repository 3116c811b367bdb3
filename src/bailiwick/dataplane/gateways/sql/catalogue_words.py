"""What of the catalogue is shown through a grant: for each relation a query of its columns and of the rows it opens.

`{tables}` are the granted tables' numbers, `{columns}` pairs of a table's number and a readable column's, `{types}` the
types of those columns, `{indexes}` the indexes over nothing else. Whatever counts, estimates, explains or names people
is a constant here: sizes, statistics, comments, defaults, owners, privileges.
Source: PostgreSQL documentation, chapters 52 "System Catalogs" and 35 "The Information Schema".
"""

from collections.abc import Mapping

OWNER = "bailiwick"

_CLASS = (
    "oid, relname, relnamespace, reltype, 0::oid AS reloftype, 10::oid AS relowner, relam, 0::oid AS relfilenode, "
    "0::oid AS reltablespace, 0::int4 AS relpages, (-1)::float4 AS reltuples, 0::int4 AS relallvisible, "
    "0::oid AS reltoastrelid, relhasindex, false AS relisshared, relpersistence, relkind, 0::int2 AS relnatts, "
    "0::int2 AS relchecks, false AS relhasrules, false AS relhastriggers, false AS relhassubclass, "
    "false AS relrowsecurity, false AS relforcerowsecurity, true AS relispopulated, relreplident, "
    "false AS relispartition, NULL::aclitem[] AS relacl, NULL::text[] AS reloptions, NULL::pg_node_tree AS relpartbound"
)
_ATTRIBUTE = (
    "attrelid, attname, CASE WHEN {masked} THEN 25::oid ELSE atttypid END AS atttypid, (-1)::int4 AS attstattarget, "
    "CASE WHEN {masked} THEN (-1)::int2 ELSE attlen END AS attlen, attnum, attndims::int2 AS attndims, "
    "(-1)::int4 AS attcacheoff, CASE WHEN {masked} THEN -1 ELSE atttypmod END AS atttypmod, "
    "CASE WHEN {masked} THEN false ELSE attbyval END AS attbyval, attalign, attstorage, "
    "''::\"char\" AS attcompression, attnotnull, false AS atthasdef, false AS atthasmissing, attidentity, "
    "attgenerated, false AS attisdropped, true AS attislocal, 0::int2 AS attinhcount, attcollation, "
    "NULL::aclitem[] AS attacl, NULL::text[] AS attoptions, NULL::text[] AS attfdwoptions"
)
_CONSTRAINT = (
    "oid, conname, connamespace, contype, condeferrable, condeferred, convalidated, conrelid, contypid, conindid, "
    "conparentid, confrelid, confupdtype, confdeltype, confmatchtype, conislocal, coninhcount, connoinherit, conkey, "
    "confkey, conpfeqop, conppeqop, conffeqop, NULL::int2[] AS confdelsetcols, conexclop, "
    "NULL::pg_node_tree AS conbin, true AS conenforced, false AS conperiod"
)
_INDEX = (
    "indexrelid, indrelid, indnatts, indnkeyatts, indisunique, false AS indnullsnotdistinct, indisprimary, "
    "indisexclusion, indimmediate, indisclustered, indisvalid, indcheckxmin, indisready, indislive, indisreplident, "
    "indkey, indcollation, indclass, indoption, NULL::pg_node_tree AS indexprs, NULL::pg_node_tree AS indpred"
)
_TYPE = (
    "oid, typname, typnamespace, 10::oid AS typowner, typlen, typbyval, typtype, typcategory, typispreferred, "
    "typisdefined, typdelim, typrelid, typsubscript, typelem, typarray, typinput, typoutput, typreceive, typsend, "
    "typmodin, typmodout, typanalyze, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims, "
    "typcollation, NULL::pg_node_tree AS typdefaultbin, NULL::text AS typdefault, NULL::aclitem[] AS typacl"
)
_DATABASE = (
    "oid, {database}::name AS datname, 10::oid AS datdba, encoding, 'c'::\"char\" AS datlocprovider, "
    "false AS datistemplate, true AS datallowconn, (-1)::int4 AS datconnlimit, 0::oid AS dattablespace, datcollate, "
    "datctype, NULL::text AS datlocale, NULL::text AS daticurules, NULL::text AS datcollversion, "
    "NULL::aclitem[] AS datacl"
)
_ROLE = (
    f"10::oid AS oid, '{OWNER}'::name AS rolname, false AS rolsuper, true AS rolinherit, false AS rolcreaterole, "
    "false AS rolcreatedb, true AS rolcanlogin, false AS rolreplication, (-1)::int4 AS rolconnlimit, "
    "'********'::text AS rolpassword, NULL::timestamptz AS rolvaliduntil, false AS rolbypassrls, "
    "NULL::text[] AS rolconfig"
)
_USER = (
    f"'{OWNER}'::name AS usename, 10::oid AS usesysid, false AS usecreatedb, false AS usesuper, false AS userepl, "
    "false AS usebypassrls, '********'::text AS passwd, NULL::timestamptz AS valuntil, NULL::text[] AS useconfig"
)
_OWN = "(table_schema, table_name) IN ({names})"
_OWN_COLUMN = "(table_schema, table_name, column_name) IN ({full})"
_IS_TABLE = (
    "{database}::name AS table_catalog, table_schema, table_name, table_type, "
    "NULL::name AS self_referencing_column_name, "
    "NULL::name AS reference_generation, NULL::name AS user_defined_type_catalog, "
    "NULL::name AS user_defined_type_schema, NULL::name AS user_defined_type_name, is_insertable_into, "
    "'NO'::text AS is_typed, NULL::text AS commit_action"
)
_AS_TEXT = (
    "CASE WHEN (table_schema, table_name, column_name) IN ({hidden}) THEN {hidden_value} ELSE {name} END AS {name}"
)


def _as_text(name: str, value: str) -> str:
    return _AS_TEXT.replace("{name}", name).replace("{hidden_value}", value)


_IS_COLUMN = ", ".join(
    [
        "{database}::name AS table_catalog, table_schema, table_name, column_name, ordinal_position",
        "NULL::text AS column_default, is_nullable",
        _as_text("data_type", "'text'"),
        _as_text("character_maximum_length", "NULL"),
        _as_text("character_octet_length", "NULL"),
        _as_text("numeric_precision", "NULL"),
        _as_text("numeric_precision_radix", "NULL"),
        _as_text("numeric_scale", "NULL"),
        _as_text("datetime_precision", "NULL"),
        "interval_type, interval_precision, NULL::name AS character_set_catalog, NULL::name AS character_set_schema",
        "NULL::name AS character_set_name, NULL::name AS collation_catalog, collation_schema, collation_name",
        "NULL::name AS domain_catalog, domain_schema, domain_name, {database}::name AS udt_catalog",
        _as_text("udt_schema", "'pg_catalog'"),
        _as_text("udt_name", "'text'"),
        "NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name",
        "NULL::int4 AS maximum_cardinality, dtd_identifier, 'NO'::text AS is_self_referencing, is_identity",
        "identity_generation, NULL::text AS identity_start, NULL::text AS identity_increment",
        "NULL::text AS identity_maximum, NULL::text AS identity_minimum, 'NO'::text AS identity_cycle, is_generated",
        "NULL::text AS generation_expression, is_updatable",
    ]
)
# The standard's own views show the keys of a table to its owner only, so these are made anew.
_KEYS = (
    "FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace "
    "JOIN pg_catalog.pg_class c ON c.oid = {of} JOIN pg_catalog.pg_namespace t ON t.oid = c.relnamespace "
)
_KEYS_OF_OWN, _SHOWN_KEYS = _KEYS.replace("{of}", "k.conrelid"), "WHERE k.oid IN ({constraints})"
_KEY = "{database}::name AS constraint_catalog, n.nspname AS constraint_schema, k.conname AS constraint_name"
_TABLE = "{database}::name AS table_catalog, t.nspname AS table_schema, c.relname AS table_name"
_EACH_COLUMN = (
    "CROSS JOIN LATERAL pg_catalog.unnest({key}) WITH ORDINALITY AS m(number, place) "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = m.number "
)

# A relation to the query that stands for it.
RELATIONS: Mapping[str, str] = {
    "pg_catalog.pg_class": f"SELECT {_CLASS} FROM pg_catalog.pg_class "
    "WHERE oid IN ({tables}) OR oid IN ({indexes})",
    "pg_catalog.pg_attribute": f"SELECT {_ATTRIBUTE} FROM pg_catalog.pg_attribute "
    "WHERE attnum > 0 AND (attrelid, attnum) IN ({columns})",
    "pg_catalog.pg_namespace": "SELECT oid, nspname, 10::oid AS nspowner, NULL::aclitem[] AS nspacl "
    "FROM pg_catalog.pg_namespace WHERE nspname IN ({namespaces})",
    "pg_catalog.pg_type": f"SELECT {_TYPE} FROM pg_catalog.pg_type WHERE oid IN ({{types}})",
    "pg_catalog.pg_enum": "SELECT * FROM pg_catalog.pg_enum WHERE enumtypid IN ({types})",
    "pg_catalog.pg_range": "SELECT * FROM pg_catalog.pg_range WHERE rngtypid IN ({types})",
    "pg_catalog.pg_index": f"SELECT {_INDEX} FROM pg_catalog.pg_index WHERE indexrelid IN ({{indexes}})",
    "pg_catalog.pg_constraint": f"SELECT {_CONSTRAINT} FROM pg_catalog.pg_constraint WHERE oid IN ({{constraints}})",
    "pg_catalog.pg_database": f"SELECT {_DATABASE} FROM pg_catalog.pg_database "
    "WHERE datname = pg_catalog.current_database()",
    "pg_catalog.pg_roles": f"SELECT {_ROLE}",
    "pg_catalog.pg_user": f"SELECT {_USER}",
    "pg_catalog.pg_tables": "SELECT schemaname, tablename, "
    f"'{OWNER}'::name AS tableowner, NULL::name AS tablespace, hasindexes, false AS hasrules, "
    "false AS hastriggers, false AS rowsecurity FROM pg_catalog.pg_tables WHERE (schemaname, tablename) IN ({names})",
    "pg_catalog.pg_settings": "SELECT * FROM pg_catalog.pg_settings WHERE name IN ({settings})",
    "information_schema.tables": f"SELECT {_IS_TABLE} FROM information_schema.tables WHERE {_OWN}",
    "information_schema.columns": f"SELECT {_IS_COLUMN} FROM information_schema.columns WHERE {_OWN_COLUMN}",
    "information_schema.schemata": "SELECT {database}::name AS catalog_name, nspname AS schema_name, "
    f"'{OWNER}'::name AS schema_owner, NULL::name AS default_character_set_catalog, "
    "NULL::name AS default_character_set_schema, NULL::name AS default_character_set_name, NULL::text AS sql_path "
    "FROM pg_catalog.pg_namespace WHERE nspname IN ({namespaces})",
    "information_schema.table_constraints": f"SELECT {_KEY}, {_TABLE}, CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' "
    "WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END AS constraint_type, 'NO'::text AS is_deferrable, "
    f"'NO'::text AS initially_deferred, 'YES'::text AS enforced {_KEYS_OF_OWN} {_SHOWN_KEYS}",
    "information_schema.key_column_usage": f"SELECT {_KEY}, {_TABLE}, a.attname AS column_name, "
    "m.place::int4 AS ordinal_position, NULL::int4 AS position_in_unique_constraint "
    f"{_KEYS_OF_OWN} {_EACH_COLUMN.replace('{key}', 'k.conkey')} {_SHOWN_KEYS}",
    "information_schema.constraint_column_usage": f"SELECT {_TABLE}, a.attname AS column_name, {_KEY} "
    + _KEYS.replace("{of}", "CASE k.contype WHEN 'f' THEN k.confrelid ELSE k.conrelid END")
    + _EACH_COLUMN.replace("{key}", "CASE k.contype WHEN 'f' THEN k.confkey ELSE k.conkey END")
    + _SHOWN_KEYS,
    "information_schema.referential_constraints": f"SELECT {_KEY}, {{database}}::name AS unique_constraint_catalog, "
    "n.nspname AS unique_constraint_schema, u.conname AS unique_constraint_name, 'NONE'::text AS match_option, "
    f"'NO ACTION'::text AS update_rule, 'NO ACTION'::text AS delete_rule {_KEYS_OF_OWN} LEFT JOIN "
    "pg_catalog.pg_constraint u ON u.conindid = k.conindid AND u.contype IN ('p', 'u') AND u.oid IN ({constraints}) "
    f"{_SHOWN_KEYS} AND k.contype = 'f'",
}
# Of these only what PostgreSQL itself brings, which is the same everywhere.
BUILT_IN = frozenset(["pg_am", "pg_collation", "pg_language", "pg_operator", "pg_opclass", "pg_opfamily", "pg_proc"])
# There is nothing in these to see.
EMPTY = frozenset(
    """
    pg_attrdef pg_auth_members pg_default_acl pg_depend pg_description pg_event_trigger pg_extension
    pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_inherits pg_matviews pg_partitioned_table pg_policies
    pg_policy pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables pg_rewrite pg_rules
    pg_seclabel pg_sequence pg_sequences pg_shdescription pg_statistic_ext pg_tablespace pg_trigger pg_views
    """.split()
)
EMPTY_IN_INFORMATION_SCHEMA = frozenset(
    """
    check_constraints column_privileges domains domain_constraints element_types foreign_tables parameters
    role_table_grants routines sequences table_privileges triggers view_column_usage view_table_usage views
    """.split()
)
# Functions that compute from their arguments, besides those of any statement.
FUNCTIONS = frozenset(
    """
    _pg_expandarray array_lower array_upper format generate_subscripts pg_advisory_unlock_all pg_char_to_encoding
    pg_client_encoding pg_encoding_to_char pg_size_pretty quote_ident quote_literal
    """.split()
)
# Functions that would tell of the database itself, and what they say instead.
CONSTANTS: Mapping[str, str] = {
    **dict.fromkeys(
        """
        has_any_column_privilege has_column_privilege has_database_privilege has_schema_privilege has_table_privilege
        has_type_privilege pg_collation_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
        pg_table_is_visible pg_type_is_visible
        """.split(),
        "TRUE",
    ),
    **dict.fromkeys("pg_is_in_recovery pg_relation_is_publishable pg_has_role".split(), "FALSE"),
    **dict.fromkeys(
        """
        col_description obj_description pg_get_expr pg_get_function_arguments pg_get_function_result
        pg_get_functiondef pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence
        pg_get_statisticsobjdef_columns pg_get_triggerdef pg_get_viewdef pg_tablespace_location
        shobj_description
        """.split(),
        "NULL::text",
    ),
    **dict.fromkeys(
        """
        pg_database_size pg_indexes_size pg_relation_size pg_stat_get_live_tuples pg_table_size pg_total_relation_size
        """.split(),
        "NULL::int8",
    ),
    "pg_get_userbyid": f"'{OWNER}'::name",
    "pg_partition_ancestors": "NULL::oid",
    "pg_my_temp_schema": "0::oid",
    "current_schema": "'public'::name",
    "current_schemas": "'{{pg_catalog,public}}'::name[]",
    "current_database": "{database}::name",
}
VALUES: Mapping[str, str] = {
    **dict.fromkeys(
        ["SVFOP_CURRENT_USER", "SVFOP_SESSION_USER", "SVFOP_USER", "SVFOP_CURRENT_ROLE"], f"'{OWNER}'::name"
    ),
    "SVFOP_CURRENT_SCHEMA": "'public'::name",
    "SVFOP_CURRENT_CATALOG": "{database}::name",
}
TYPES = frozenset("oid name char int2vector oidvector xid".split())
