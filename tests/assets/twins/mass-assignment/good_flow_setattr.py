from flask import Flask, request

app = Flask(__name__)

FIELDS = {"name", "phone"}


@app.route("/me", methods=["POST"])
def me():
    user = current()
    for key, value in request.get_json().items():
        if key in FIELDS:
            setattr(user, key, value)
    return {}
