import sqlite3

from flask import Flask, request

app = Flask(__name__)


class Basket:
    def __init__(self):
        items = []
        self.items = items
        items.append(request.args["item"])


def remembered(word, words=[]):
    words.append(word)
    return words


@app.route("/both")
def both():
    one = other = []
    one.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + other[0])  # FINDING
    return {}


@app.route("/basket")
def basket():
    sqlite3.connect("desk").execute("SELECT " + Basket().items[0])  # FINDING
    return {}


@app.route("/inside")
def inside():
    rows = []
    table = {"rows": rows}
    rows.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + table["rows"][0])  # FINDING
    return {}


@app.route("/loop")
def loop():
    table = [["id"], ["name"]]
    for row in table:
        row.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + table[0][1])  # FINDING
    return {}


@app.route("/grouped")
def grouped():
    groups = {}
    groups.setdefault("all", []).append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + groups["all"][0])  # FINDING
    return {}


@app.route("/added")
def added():
    one = ["id"]
    other = one
    other += [request.args["name"]]
    sqlite3.connect("desk").execute("SELECT " + ",".join(one))  # FINDING
    return {}


@app.route("/remember")
def remember():
    remembered(request.args["word"])
    return {}


@app.route("/recall")
def recall():
    sqlite3.connect("desk").execute("SELECT " + remembered("id")[0])  # FINDING
    return {}
