"""The SQL gateway: PostgreSQL's protocol at the front, a grant in the middle, the real database behind."""

from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.accounts import read_accounts
from bailiwick.dataplane.gateways.sql.gateway import SqlGateway
from bailiwick.dataplane.gateways.sql.listener import SqlListener
from bailiwick.dataplane.gateways.sql.pooling import Pool
from bailiwick.dataplane.gateways.sql.upstream import Connection, Database, connect

__all__ = [
    "Binding",
    "Connection",
    "Database",
    "Pool",
    "SqlGateway",
    "SqlListener",
    "connect",
    "read_accounts",
]
