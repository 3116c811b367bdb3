import os
import smtplib


def send(message) -> None:
    with smtplib.SMTP("mail.example", 587) as server:
        server.starttls()
        server.login("desk@example.com", os.environ["MAIL_PASSWORD"])
        server.send_message(message)
