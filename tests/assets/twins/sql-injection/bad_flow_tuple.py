from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    first, second = "fixed", request.form.get("case")
    first, second = second, first
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{first}'")  # FINDING
    return {"rows": list(rows)}
