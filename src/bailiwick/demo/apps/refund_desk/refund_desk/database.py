"""The orders database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Engine, create_engine


@contextmanager
def connection() -> Iterator[psycopg.Connection[dict[str, object]]]:
    """Yield a connection whose rows are dictionaries."""
    with psycopg.connect(os.environ["ORDERS_URL"], row_factory=dict_row) as opened:
        yield opened


def engine() -> Engine:
    """Return an SQLAlchemy engine, for the charts."""
    return create_engine(os.environ["ORDERS_URL"].replace("postgresql://", "postgresql+psycopg://"))
