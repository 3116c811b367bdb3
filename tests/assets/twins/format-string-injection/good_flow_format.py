from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    greeting = request.args["greeting"]
    return {"text": "{greeting} {user}".format(greeting=greeting, user=current())}
