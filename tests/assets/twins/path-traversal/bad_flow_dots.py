from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    bar = request.cookies.get("file")
    name = "/srv/files/" + bar
    if "./" in bar:
        return "no"
    return {"text": open(name).read()}  # FINDING
