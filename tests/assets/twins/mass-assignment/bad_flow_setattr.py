from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    user = current()
    for key, value in request.get_json().items():
        setattr(user, key, value)  # FINDING
    return {}
