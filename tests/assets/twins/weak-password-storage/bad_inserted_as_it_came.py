import sqlite3


def register(name: str, password: str) -> None:
    with sqlite3.connect("app.db") as db:
        db.execute("INSERT INTO users (name, password) VALUES (?, ?)", (name, password))  # FINDING
