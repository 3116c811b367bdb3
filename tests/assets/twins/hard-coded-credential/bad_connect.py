import psycopg


def rows():
    with psycopg.connect(host="db", user="desk", password="postgres") as db:  # FINDING
        return db.execute("SELECT 1").fetchall()
