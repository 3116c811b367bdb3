import sqlite3

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/totals")
def totals():
    try:
        return jsonify(sqlite3.connect("a.db").execute("SELECT 1").fetchall())
    except sqlite3.Error as e:
        return jsonify(error=str(e)), 500  # FINDING
