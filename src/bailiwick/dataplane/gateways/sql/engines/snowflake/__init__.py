"""Snowflake, asked by its SQL API, version 2."""

from bailiwick.dataplane.gateways.sql.engines.snowflake.connection import SnowflakeEngine, SnowflakeTarget

__all__ = ["SnowflakeEngine", "SnowflakeTarget"]
