from flask import Flask, redirect, request, session

app = Flask(__name__)


@app.post("/login")
def login():
    session["user_id"] = 7
    return redirect("/")


@app.route("/email", methods=["POST"])  # FINDING
def change_email():
    if "user_id" not in session:
        return redirect("/login")
    save(session["user_id"], request.form["email"])
    return redirect("/")


def save(user_id, email):
    return user_id, email
