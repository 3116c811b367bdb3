import queue

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    waiting = queue.Queue()
    waiting.put(request.form.get("case"))
    waiting.put("fixed")
    bar = waiting.get()
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")  # FINDING
    return {"rows": list(rows)}
