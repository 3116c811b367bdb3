from flask import Flask, request

app = Flask(__name__)


def check(name):
    if not name:
        raise ValueError("a name is wanted")


@app.route("/find")
def find():
    name = request.args.get("name", "")
    check(name)
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE name = '{name}'"))}  # FINDING
