import smtplib


def app():
    return smtplib.SMTP("mail.rates.example", 587)
