"""Warehouses that are asked over HTTP: one call after another, rows page by page."""

from bailiwick.dataplane.gateways.sql.engines.rest.client import Answer, RestClient
from bailiwick.dataplane.gateways.sql.engines.rest.jobs import Jobs
from bailiwick.dataplane.gateways.sql.engines.rest.rows import batch

__all__ = ["Answer", "Jobs", "RestClient", "batch"]
