from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    if request.args.get("order") not in ("name", "born"):
        return "no", 400
    return {"rows": list(cursor().execute("SELECT * FROM people ORDER BY " + request.args.get("sort")))}  # FINDING
