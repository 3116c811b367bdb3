import sqlite3

from flask import Flask, request

app = Flask(__name__)


class Basket:
    def __init__(self):
        items = []
        self.items = items
        items = []
        items.append(request.args["item"])


def remembered(word, words=None):
    words = words or []
    words.append(word)
    return words


@app.route("/both")
def both():
    one = other = ["id"]
    other = ["name"]
    one.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + other[0])
    return {}


@app.route("/basket")
def basket():
    sqlite3.connect("desk").execute("SELECT " + ",".join(Basket().items))
    return {}


@app.route("/inside")
def inside():
    rows = ["id"]
    table = {"rows": rows, "others": ["name"]}
    rows.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + table["others"][0] + table["rows"][0])
    return {}


@app.route("/loop")
def loop():
    table = [["id"], ["name"]]
    for row in table:
        row = list(row)
        row.append(request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + table[0][0])
    return {}


@app.route("/grouped")
def grouped():
    groups = {}
    groups.setdefault("all", []).append(request.args["name"])
    groups.setdefault("own", []).append("id")
    sqlite3.connect("desk").execute("SELECT " + groups["own"][0])
    return {}


@app.route("/added")
def added():
    one = ["id"]
    other = list(one)
    other += [request.args["name"]]
    sqlite3.connect("desk").execute("SELECT " + ",".join(one))
    return {}


@app.route("/remember")
def remember():
    remembered(request.args["word"])
    return {}


@app.route("/recall")
def recall():
    sqlite3.connect("desk").execute("SELECT " + remembered("id")[0])
    return {}
