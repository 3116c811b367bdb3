import smtplib


def send(host: str, user: str, password: str, message) -> None:
    server = smtplib.SMTP(host, 587)
    server.starttls()
    server.login(user, password)
    server.send_message(message)
