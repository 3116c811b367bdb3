import sqlite3

from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/totals")
def totals():
    try:
        return jsonify(sqlite3.connect("a.db").execute("SELECT 1").fetchall())
    except sqlite3.Error as e:
        app.logger.error("totals: %s", e)
        return jsonify(error="the database does not answer"), 503
