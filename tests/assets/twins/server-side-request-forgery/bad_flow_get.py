import requests

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    answer = requests.get(request.args["url"], timeout=5)  # FINDING
    return {"code": answer.status_code}
