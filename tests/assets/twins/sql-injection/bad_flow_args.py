from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    name = request.args.get("name", "")
    rows = db().execute("SELECT * FROM people WHERE name = '" + name + "'")  # FINDING
    return {"rows": list(rows)}
