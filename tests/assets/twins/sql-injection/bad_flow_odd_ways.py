import functools
import sqlite3

from flask import Flask, request

app = Flask(__name__)
base = sqlite3.connect("desk")


class Bag:
    def __init__(self):
        self.held = {}

    def __setitem__(self, key, value):
        self.held[key] = value

    def __getitem__(self, key):
        return self.held[key]

    def __iter__(self):
        yield from self.held.values()


@app.route("/merged")
def merged():
    parts = {"order": "id"} | {"order": request.args["order"]}
    base.execute("SELECT 1 ORDER BY " + parts["order"])  # FINDING
    parts = {"order": request.args["order"], "name": "id"}
    del parts["name"]
    base.execute("SELECT 1 ORDER BY " + parts["order"])  # FINDING
    return {}


@app.route("/later")
def later():
    ask = functools.partial(base.execute, "SELECT " + request.args["name"])
    ask()  # FINDING
    return {}


@app.route("/bag")
def bag():
    bag = Bag()
    bag["order"] = request.args["order"]
    base.execute("SELECT 1 ORDER BY " + bag["order"])  # FINDING
    for part in bag:
        base.execute("SELECT " + part)  # FINDING
    return {}


@app.route("/number")
def number():
    size = request.args["size"]
    try:
        int(size)
    except ValueError:
        app.logger.info("no number")
    base.execute("SELECT 1 LIMIT " + size)  # FINDING
    return {}


@app.route("/noted")
def noted():
    columns = ["id"]

    def note(name):
        columns.append(name)

    note(request.args["name"])
    base.execute("SELECT " + columns[1])  # FINDING
    return {}
