import smtplib


def app():
    return smtplib.SMTP("mail.other.example", 587)  # FINDING
