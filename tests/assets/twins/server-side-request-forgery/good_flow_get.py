import requests

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    answer = requests.get("https://api.example.com/people", params={"q": request.args["url"]}, timeout=5)
    return {"code": answer.status_code}
