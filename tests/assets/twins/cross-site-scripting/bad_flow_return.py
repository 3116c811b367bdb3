from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    return "<h1>Hello " + request.args.get("name", "") + "</h1>"  # FINDING
