from flask import Flask, request

app = Flask(__name__)


def by_age(value):
    return f"SELECT * FROM people WHERE age = {int(value)}"


def by_number(value):
    return f"SELECT * FROM people WHERE number = {int(value)}"


MAKERS = {"age": by_age, "number": by_number}


@app.route("/find/<kind>")
def find(kind):
    return {"rows": list(cursor().execute(MAKERS[kind](request.args["value"])))}
