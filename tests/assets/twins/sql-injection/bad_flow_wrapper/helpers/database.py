import sqlite3


def find(key):
    connection = sqlite3.connect(":memory:")
    cursor = connection.cursor()
    return cursor.execute("SELECT * FROM cases WHERE id = '" + key + "'").fetchall()  # FINDING
