from flask import Flask, request

app = Flask(__name__)


def by_name(value):
    return f"SELECT * FROM people WHERE name = '{value}'"


def by_number(value):
    return f"SELECT * FROM people WHERE number = {int(value)}"


MAKERS = {"name": by_name, "number": by_number}


@app.route("/find/<kind>")
def find(kind):
    return {"rows": list(cursor().execute(MAKERS[kind](request.args["value"])))}  # FINDING
