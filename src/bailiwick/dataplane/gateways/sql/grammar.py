"""What of SQL an app may say: an allow-list of syntax, functions, types and settings. What is not listed is refused."""

from importlib.resources import files

# Nodes of PostgreSQL's parse tree (nodes/parsenodes.h, nodes/primnodes.h) that may stand in a query.
NODES = frozenset(
    """
    A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star Alias BitString BoolExpr Boolean BooleanTest CaseExpr
    CaseWhen CoalesceExpr CollateClause ColumnRef CommonTableExpr Float FuncCall GroupingFunc GroupingSet InsertStmt
    Integer JoinExpr MinMaxExpr NamedArgExpr NullTest ParamRef RangeFunction RangeSubselect RangeVar ResTarget RowExpr
    SQLValueFunction SelectStmt SetToDefault SortBy String SubLink TypeCast TypeName UpdateStmt DeleteStmt WindowDef
    WithClause
    """.split()
)

# Functions of pg_catalog chosen by hand: they go by the time or its zone, take any value, or stand for syntax. None
# reads files, settings, catalogs or other tables.
CHOSEN = frozenset(
    """
    abs age array_agg array_append array_cat array_length array_position array_remove array_to_string ascii avg
    bit_length bool_and bool_or btrim cardinality cbrt ceil ceiling char_length character_length chr concat concat_ws
    corr count covar_pop covar_samp cume_dist date_bin date_part date_trunc degrees dense_rank div encode every exp
    extract first_value floor format gcd generate_series greatest initcap isfinite json_agg json_array_length
    json_build_array json_build_object json_extract_path json_extract_path_text json_object_agg jsonb_agg
    jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
    jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_object_keys jsonb_typeof
    justify_days justify_hours lag last_value lcm lead least left length like_escape ln log lower lpad ltrim make_date
    make_interval make_time make_timestamp make_timestamptz max md5 min mod mode now nth_value ntile nullif
    num_nonnulls num_nulls octet_length overlaps overlay percent_rank percentile_cont percentile_disc pi position power
    radians rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope repeat replace
    reverse right round row_number row_to_json rpad rtrim scale sign split_part sqrt starts_with stddev stddev_pop
    stddev_samp string_agg string_to_array string_to_table strpos substr substring sum timezone to_char to_date to_hex
    to_json to_jsonb to_number to_timestamp translate trim trim_scale trunc unnest upper var_pop var_samp variance
    version width_bucket current_schema
    """.split()
)
# And those that the catalogue marks as computing from their arguments (scripts/sql_allow_list.py).
FUNCTIONS = CHOSEN | frozenset(files(__package__).joinpath("functions.txt").read_text().split())

TYPES = frozenset(
    """
    bit bool bpchar bytea char date float4 float8 int2 int4 int8 interval json jsonb numeric text time timestamp
    timestamptz timetz uuid varbit varchar
    """.split()
)

# Fields of what allowed functions make: jsonb_each, ROW(…), WITH ORDINALITY.
FIELDS = frozenset(["key", "value", "ordinality", *(f"f{number}" for number in range(1, 33))])

# Functions of pg_catalog that take any record, and so a whole row (scripts/sql_allow_list.py lists them).
FUNCTIONS_OF_RECORDS = frozenset(
    """
    any_out anycompatible_out anyelement_out anynonarray_out hash_record hash_record_extended pg_collation_for
    pg_column_compression pg_column_size pg_column_toast_chunk_id pg_typeof quote_literal quote_nullable record_out
    record_send
    """.split()
)

# Operators of pg_catalog: every one computes from its arguments (scripts/sql_allow_list.py). BETWEEN is how it parses.
OPERATORS = frozenset(
    """
    !! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <=
    <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~=
    ~>=~ ~>~ ~~ ~~*
    """.split()
) | {"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"}

COLLATIONS = frozenset(["C", "POSIX", "default", "ucs_basic"])

# CURRENT_USER and its kin would name the real database role, which is no business of an app.
VALUE_FUNCTIONS = frozenset(
    ["SVFOP_CURRENT_DATE", "SVFOP_CURRENT_TIME", "SVFOP_CURRENT_TIME_N", "SVFOP_CURRENT_TIMESTAMP",
     "SVFOP_CURRENT_TIMESTAMP_N", "SVFOP_LOCALTIME", "SVFOP_LOCALTIME_N", "SVFOP_LOCALTIMESTAMP",
     "SVFOP_LOCALTIMESTAMP_N"]
)  # fmt: skip

SETTINGS = frozenset(
    """
    application_name bytea_output client_encoding client_min_messages datestyle default_transaction_isolation
    default_transaction_read_only extra_float_digits intervalstyle lock_timeout standard_conforming_strings
    statement_timeout timezone transaction_isolation transaction_read_only
    """.split()
)
READABLE_SETTINGS = SETTINGS | {"server_version", "server_encoding", "integer_datetimes", "is_superuser", "search_path"}

TRANSACTION_KINDS = frozenset(
    ["TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_SAVEPOINT",
     "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"]
)  # fmt: skip

# What drivers ask the catalog when they connect: passed as it is, recognised by the fingerprint of the whole statement.
DRIVER_QUESTIONS = (
    # psycopg 3, types by name (psycopg._typeinfo)
    "SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter "
    "FROM pg_type t WHERE t.oid = to_regtype($1) ORDER BY t.oid",
    "SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter "
    "FROM pg_type t WHERE t.oid = $1::regtype ORDER BY t.oid",
)
