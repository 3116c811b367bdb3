from flask import Flask, abort, request, session

app = Flask(__name__)


@app.route("/verify-otp", methods=["POST"])
def verify_otp():
    session["failed_attempts"] = session.get("failed_attempts", 0) + 1
    if session["failed_attempts"] > 5:
        abort(429)
    return {"ok": request.json["code"] == session.get("code")}
