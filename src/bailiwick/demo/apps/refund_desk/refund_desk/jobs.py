"""Jobs that run by themselves."""

from refund_desk.database import connection


def nightly() -> None:
    """Count what the night's report needs; as nobody is at the keyboard, no rows of persons are read."""
    with connection() as database:
        row = database.execute("SELECT now() AS at").fetchone()
    print(f"nightly report at {row['at'] if row else '?'}")
