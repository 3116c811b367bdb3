from flask import Flask, redirect, request
from flask_login import current_user, login_required

app = Flask(__name__)
app.config["SESSION_COOKIE_SAMESITE"] = "Strict"


@app.post("/transfer")
@login_required
def transfer():
    current_user.pay(request.form["to"], request.form["amount"])
    return redirect("/")
