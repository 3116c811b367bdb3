import queue

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    waiting = queue.Queue()
    waiting.put("fixed")
    waiting.put(request.form.get("case"))
    bar = waiting.get()
    rows = db().execute(f"SELECT * FROM cases WHERE id = '{bar}'")
    return {"rows": list(rows)}
