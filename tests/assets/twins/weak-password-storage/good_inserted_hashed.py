import sqlite3

from werkzeug.security import generate_password_hash


def register(name: str, password: str) -> None:
    password = generate_password_hash(password)
    with sqlite3.connect("app.db") as db:
        db.execute("INSERT INTO users (name, password) VALUES (?, ?)", (name, password))
