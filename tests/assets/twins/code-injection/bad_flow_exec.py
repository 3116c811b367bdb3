import base64

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    program = base64.b64decode(request.get_json()["program"]).decode()
    names = {}
    exec(program, names)  # FINDING
    return {"names": sorted(names)}
