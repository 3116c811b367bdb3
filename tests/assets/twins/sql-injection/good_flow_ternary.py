from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    number = 106
    bar = "always" if (7 * 18) + number > 200 else request.form.get("case")
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
