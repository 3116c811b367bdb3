import smtplib


def send(message) -> None:
    with smtplib.SMTP("mail.example", 587) as server:
        server.starttls()
        server.login("desk@example.com", "h0rse-battery")  # FINDING
        server.send_message(message)
