import base64
import pickle

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    state = pickle.loads(base64.urlsafe_b64decode(request.cookies["state"]))  # FINDING
    return {"user": state["user"]}
