import base64
import json

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    state = json.loads(base64.urlsafe_b64decode(request.cookies["state"]))
    return {"user": state["user"]}
