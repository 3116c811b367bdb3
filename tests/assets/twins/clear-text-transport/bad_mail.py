import smtplib


def send(host: str, user: str, password: str, message) -> None:
    server = smtplib.SMTP(host, 25)  # FINDING
    server.login(user, password)
    server.send_message(message)
