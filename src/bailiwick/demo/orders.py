"""The sample company's business database: customers, orders and refunds, the same at every start."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

REGIONS = ("EMEA", "AMER", "APAC", "LATAM")
ORDERS = 4000
_CUSTOMERS = 600
_NEWEST = datetime(2026, 10, 31, tzinfo=UTC)
_FIRST = (
    "Anna Ben Carla Dev Elif Farid Gina Hugo Ines Jonas Kira Liam Mona Noor Otto Petra Quinn Rosa Sami Tara Uwe".split()
)
_LAST = (
    "Abe Becker Costa Dubois Eriksen Ferrari Garcia Haddad Ito Jansen Kaya Lopez Meyer Novak Okoye Patel Rossi".split()
)
_ITEMS = (
    "Desk lamp",
    "Office chair",
    "Notebook set",
    "Headphones",
    "Keyboard",
    "Monitor arm",
    "Backpack",
    "Water bottle",
)
_CURRENCY = {"EMEA": "EUR", "AMER": "USD", "APAC": "JPY", "LATAM": "BRL"}
_SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, region text NOT NULL,
                        created_at timestamptz NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, region text NOT NULL,
                     customer_name text NOT NULL, customer_email text NOT NULL, card_number text NOT NULL,
                     item text NOT NULL, amount numeric(12,2) NOT NULL, currency text NOT NULL, status text NOT NULL,
                     ordered_at timestamptz NOT NULL);
CREATE INDEX orders_region ON orders (region, ordered_at);
CREATE TABLE refunds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id int NOT NULL REFERENCES orders,
                      region text NOT NULL, amount numeric(12,2) NOT NULL, reason text NOT NULL DEFAULT '',
                      requested_by text NOT NULL DEFAULT '', created_at timestamptz NOT NULL DEFAULT now());
"""


def fill(url: str, role: str, *, synthetic: bool) -> None:
    """Make the tables with their rows and let `role` use them; does nothing when they are there.

    `synthetic` makes other people with test cards (4000 00…): what the editor plane sees.
    """
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('orders')").fetchone() != (None,):
            return
        connection.execute(_SCHEMA)
        generator = random.Random(7 if synthetic else 42)  # noqa: S311 - sample data, the same at every start
        customers = list(_customers(generator, synthetic=synthetic))
        _copy(connection, "customers", customers)
        _copy(connection, "orders", _orders(generator, customers, synthetic=synthetic))
        grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON customers, orders, refunds TO {}"
        connection.execute(psycopg.sql.SQL(grant).format(psycopg.sql.Identifier(role)))


def _copy(
    connection: psycopg.Connection[tuple[object, ...]],
    table: str,
    rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]],
) -> None:
    statement = psycopg.sql.SQL("COPY {} FROM STDIN").format(psycopg.sql.Identifier(table))
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _customers(generator: random.Random, *, synthetic: bool) -> Iterator[tuple[object, ...]]:
    for number in range(1, _CUSTOMERS + 1):
        first, last = generator.choice(_FIRST), generator.choice(_LAST)
        name = f"Test Person {number}" if synthetic else f"{first} {last}"
        mail = f"test{number}@synthetic.example" if synthetic else f"{first}.{last}{number}@mail.example".lower()
        created = _NEWEST - timedelta(days=generator.randrange(540, 900))
        yield number, name, mail, generator.choice(REGIONS), created


def _orders(
    generator: random.Random, customers: list[tuple[object, ...]], *, synthetic: bool
) -> Iterator[tuple[object, ...]]:
    for number in range(1, ORDERS + 1):
        customer = generator.choice(customers)
        prefix = "400000" if synthetic else generator.choice(["453201", "542418", "471604"])
        region = str(customer[3])
        yield (
            number, customer[0], region, customer[1], customer[2], _card(generator, prefix), generator.choice(_ITEMS),
            generator.randrange(500, 60_000) / 100, _CURRENCY[region],
            generator.choices(["delivered", "shipped", "paid", "cancelled"], [70, 12, 12, 6])[0],
            _NEWEST - timedelta(minutes=generator.randrange(540 * 1440)),
        )  # fmt: skip


def _card(generator: random.Random, prefix: str) -> str:
    """Return a card number of 16 digits that passes the Luhn check (ISO/IEC 7812-1)."""
    digits = prefix + "".join(str(generator.randrange(10)) for _ in range(9))
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digits of the product added up
    return digits + str(-total % 10)
