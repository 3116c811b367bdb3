from flask import Flask, request

app = Flask(__name__)

LAST = {"query": "SELECT 1", "value": ""}


@app.route("/set")
def set_query():
    LAST["value"] = request.args["q"]
    return "kept"


@app.route("/run")
def run():
    return {"rows": list(cursor().execute(LAST["query"], [LAST["value"]]))}
