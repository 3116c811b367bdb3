from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    key = request.form["sort"]
    key = "name"
    rows = db().execute(f"SELECT * FROM people ORDER BY {key}")
    return {"rows": list(rows)}
