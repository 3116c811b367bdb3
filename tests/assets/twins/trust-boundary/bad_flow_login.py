from flask import Flask, g, redirect, request, session

app = Flask(__name__)


@app.route("/login", methods=["POST"])
def login():
    username = request.form.get("username", "").strip()
    user = g.db.execute("SELECT * FROM users").fetchone()
    if user is None:
        return redirect("/login")
    session["name"] = username  # FINDING
    return redirect("/")
