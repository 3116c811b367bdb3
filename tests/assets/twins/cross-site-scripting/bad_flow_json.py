from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    return f"{request.get_json()['name']}"  # FINDING
