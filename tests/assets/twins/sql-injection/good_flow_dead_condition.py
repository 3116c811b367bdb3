from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.headers.get("X-Case")
    number = 86
    bar = param
    if 7 * 42 - number > 200:
        bar = "fixed"
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
