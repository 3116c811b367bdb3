import collections
import sqlite3

from flask import Flask, request

app = Flask(__name__)
Wanted = collections.namedtuple("Wanted", "order name")


@app.route("/find")
def find():
    order, name = Wanted("id", request.args["name"])
    sqlite3.connect("desk").execute("SELECT " + order)
    return {}
