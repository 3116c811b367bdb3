"""MySQL and MariaDB: their wire protocol, with values bound by the server and rows read as they are taken."""

from bailiwick.dataplane.gateways.sql.engines.mysql.connection import MysqlConnectionError, MysqlEngine, MysqlTarget

__all__ = ["MysqlConnectionError", "MysqlEngine", "MysqlTarget"]
