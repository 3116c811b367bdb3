"""The SQL gateway: PostgreSQL's protocol at the front, a grant in the middle, the real database behind."""

from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql.accounts import read_accounts
from bailiwick.dataplane.gateways.sql.added import AddedFunctions, as_they_are
from bailiwick.dataplane.gateways.sql.asking import Answer, ask, begin_reading, texts
from bailiwick.dataplane.gateways.sql.comments import signature
from bailiwick.dataplane.gateways.sql.day_reports import DayReports
from bailiwick.dataplane.gateways.sql.days import DayCounts
from bailiwick.dataplane.gateways.sql.gateway import SqlGateway
from bailiwick.dataplane.gateways.sql.listener import SqlListener
from bailiwick.dataplane.gateways.sql.looking import read_catalogue
from bailiwick.dataplane.gateways.sql.pieces import quoted
from bailiwick.dataplane.gateways.sql.pooling import Pool
from bailiwick.dataplane.gateways.sql.rewrite import rewrite
from bailiwick.dataplane.gateways.sql.upstream import Connection, Database, SignInRefusedError, connect, signed_in

__all__ = [
    "AddedFunctions",
    "Answer",
    "Binding",
    "Connection",
    "Database",
    "DayCounts",
    "DayReports",
    "Pool",
    "SignInRefusedError",
    "SqlGateway",
    "SqlListener",
    "as_they_are",
    "ask",
    "begin_reading",
    "connect",
    "quoted",
    "read_accounts",
    "read_catalogue",
    "rewrite",
    "signature",
    "signed_in",
    "texts",
]
