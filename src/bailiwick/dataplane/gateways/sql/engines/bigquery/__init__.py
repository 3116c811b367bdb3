"""BigQuery, asked by its REST interface, version 2."""

from bailiwick.dataplane.gateways.sql.engines.bigquery.connection import BigQueryEngine, BigQueryTarget

__all__ = ["BigQueryEngine", "BigQueryTarget"]
