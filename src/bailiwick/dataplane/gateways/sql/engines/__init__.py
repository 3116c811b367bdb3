"""Databases that do not speak PostgreSQL: what the grant made of a statement is translated, and run there."""

from bailiwick.dataplane.gateways.sql.engines.backend import Backend
from bailiwick.dataplane.gateways.sql.engines.bigquery import BigQueryEngine, BigQueryTarget
from bailiwick.dataplane.gateways.sql.engines.files import DatabaseFile, FileEngine
from bailiwick.dataplane.gateways.sql.engines.model import Engine
from bailiwick.dataplane.gateways.sql.engines.mysql import MysqlEngine, MysqlTarget
from bailiwick.dataplane.gateways.sql.engines.rest import RestClient
from bailiwick.dataplane.gateways.sql.engines.session import TranslatedSession
from bailiwick.dataplane.gateways.sql.engines.snowflake import SnowflakeEngine, SnowflakeTarget

__all__ = [
    "Backend",
    "BigQueryEngine",
    "BigQueryTarget",
    "DatabaseFile",
    "Engine",
    "FileEngine",
    "MysqlEngine",
    "MysqlTarget",
    "RestClient",
    "SnowflakeEngine",
    "SnowflakeTarget",
    "TranslatedSession",
]
