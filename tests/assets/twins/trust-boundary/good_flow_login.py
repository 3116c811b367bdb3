from flask import Flask, g, redirect, request, session
from werkzeug.security import check_password_hash

app = Flask(__name__)


@app.route("/login", methods=["POST"])
def login():
    username = request.form.get("username", "").strip()
    user = g.db.execute("SELECT * FROM users WHERE name = ?", (username,)).fetchone()
    if user is None or not check_password_hash(user["password"], request.form["password"]):
        return redirect("/login")
    session["name"] = username
    return redirect("/")
