import re

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    name = request.args.get("name", "")
    if not re.fullmatch(r"[a-z]+", name):
        return "no", 400
    return {"rows": list(cursor().execute(f"SELECT * FROM people WHERE name = '{name}'"))}
