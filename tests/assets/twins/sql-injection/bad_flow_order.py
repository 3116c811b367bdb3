from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    key = "name"
    key = request.form["sort"]
    rows = db().execute(f"SELECT * FROM people ORDER BY {key}")  # FINDING
    return {"rows": list(rows)}
