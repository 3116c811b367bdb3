import functools

from flask import Flask, request

app = Flask(__name__)


def look(table, key):
    return cursor().execute(f"SELECT * FROM {table} WHERE id = ?", [key])


people = functools.partial(look, "people")


@app.route("/find")
def find():
    return {"rows": list(people(request.args["q"]))}
