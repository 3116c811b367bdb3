import flask

app = flask.Flask(__name__)


@app.route("/keep")
def keep():
    flask.session["userid"] = flask.request.args["user"]  # FINDING
    return "kept"
