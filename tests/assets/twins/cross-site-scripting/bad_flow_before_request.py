from flask import Flask, request

app = Flask(__name__)


@app.before_request
def refuse():
    if request.args.get("name"):
        return "<p>no " + request.args["name"] + "</p>"  # FINDING
    return None
