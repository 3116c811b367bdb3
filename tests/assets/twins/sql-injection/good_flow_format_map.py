import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.route("/find")
def find():
    parts = {"name": request.args["name"], "order": "id"}
    sqlite3.connect("desk").execute("SELECT {order}".format_map(parts))
    return {}
