import contextlib

from flask import Flask, request

app = Flask(__name__)


@contextlib.contextmanager
def wanted():
    yield request.args["name"]


@app.route("/find")
def find():
    with wanted() as name:
        return {"rows": list(cursor().execute("SELECT * FROM people WHERE name = ?", [name]))}
