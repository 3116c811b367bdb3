from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    number = 106
    bar = "never" if (7 * 42) - number > 200 else request.form.get("case")
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")  # FINDING
    return {"rows": list(rows)}
