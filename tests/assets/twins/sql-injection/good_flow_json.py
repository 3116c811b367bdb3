import json
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.route("/find")
def find():
    wanted = json.loads(json.dumps({"name": request.args["name"], "order": "id"}))
    sqlite3.connect("desk").execute("SELECT " + wanted["order"])
    return {}
