import os

import psycopg


def rows():
    with psycopg.connect(host="db", user="desk", password=os.environ["DB_PASSWORD"]) as db:
        return db.execute("SELECT 1").fetchall()
