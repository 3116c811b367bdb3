from flask import Flask, request, session

app = Flask(__name__)


@app.route("/verify-otp", methods=["POST"])  # FINDING
def verify_otp():
    return {"ok": request.json["code"] == session.get("code")}
