import sqlite3

from flask import Flask, jsonify

app = Flask(__name__)
SCHEMA = "CREATE TABLE users (id INTEGER, name TEXT, password TEXT)"


@app.get("/users")
def users():
    rows = sqlite3.connect("a.db").execute("SELECT * FROM users").fetchall()
    return jsonify(rows)  # FINDING
