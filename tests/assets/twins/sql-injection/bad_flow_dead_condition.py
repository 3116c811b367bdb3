from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    param = request.headers.get("X-Case")
    number = 106
    bar = "fixed"
    if 7 * 18 + number > 200:
        bar = param
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")  # FINDING
    return {"rows": list(rows)}
