from flask import Flask, request

app = Flask(__name__)


@app.get("/series")
def series():
    count = int(request.args.get("count", 10))
    return {"values": [n * n for n in range(count)]}  # FINDING
