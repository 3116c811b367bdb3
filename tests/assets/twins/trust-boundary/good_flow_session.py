import flask

app = flask.Flask(__name__)


@app.route("/login", methods=["POST"])
def login():
    user = flask.request.form["user"]
    if not check_password(user, flask.request.form["password"]):
        return "no", 403
    flask.session["userid"] = user
    return "kept"
