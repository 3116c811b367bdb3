from flask import Flask, request

app = Flask(__name__)

ALLOWED = {"name", "born"}


@app.route("/find")
def find():
    order = request.args.get("order", "name")
    if order not in ALLOWED:
        app.logger.warning("an unknown order")
    return {"rows": list(cursor().execute("SELECT * FROM people ORDER BY " + order))}  # FINDING
