import yaml

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    return {"read": str(yaml.load(request.data, Loader=yaml.Loader))}  # FINDING
