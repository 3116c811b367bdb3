from flask import Flask, request

app = Flask(__name__)

ORDERS = {"name": "name ASC", "born": "born DESC"}


@app.route("/find")
def find():
    order = request.args.get("order", "name")
    order = ORDERS.get(order, order)
    return {"rows": list(cursor().execute("SELECT * FROM people ORDER BY " + order))}  # FINDING
