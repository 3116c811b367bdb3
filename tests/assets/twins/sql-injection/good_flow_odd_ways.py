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
    parts = {"order": request.args["order"]} | {"order": "id"}
    base.execute("SELECT 1 ORDER BY " + parts.get("order", "id"))
    parts = {"order": request.args["order"], "name": "id"}
    del parts["order"]
    base.execute("SELECT 1 ORDER BY " + parts.get("order", "id"))
    return {}


@app.route("/later")
def later():
    ask = functools.partial(base.execute, "SELECT ?", (request.args["name"],))
    ask()
    return {}


@app.route("/bag")
def bag():
    bag = Bag()
    bag["order"] = "id"
    base.execute("SELECT 1 ORDER BY " + bag["order"])
    for part in bag:
        base.execute("SELECT " + part)
    return {}


@app.route("/number")
def number():
    size = request.args["size"]
    try:
        int(size)
    except ValueError:
        return {}
    base.execute("SELECT 1 LIMIT " + size)
    return {}


@app.route("/noted")
def noted():
    columns = ["id"]

    def note(name):
        columns.append(name)

    note(request.args["name"])
    base.execute("SELECT " + columns[0])
    return {}
