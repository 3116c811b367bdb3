import smtplib
from email.message import EmailMessage

from flask import Flask, request

app = Flask(__name__)

@app.route("/page", methods=["GET", "POST"])
def page():
    message = EmailMessage()
    message["Subject"] = request.form["subject"]
    with smtplib.SMTP("mail.example.com") as server:
        server.send_message(message)
    return "sent"
