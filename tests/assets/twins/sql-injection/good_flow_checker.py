from flask import Flask, request

app = Flask(__name__)


def is_fine(name):
    return len(name) < 100 and name.isalnum()


@app.route("/find")
def find():
    name = request.args.get("name", "")
    if not is_fine(name):
        return "no", 400
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE name = '{name}'"))}
