import smtplib

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    subject = request.form["subject"]
    with smtplib.SMTP("mail.example.com") as server:
        server.sendmail("app@example.com", ["desk@example.com"], f"Subject: {subject}\n\nHello")  # FINDING
    return "sent"
