import secrets


def send_login_code(mailer, email: str) -> None:
    otp = 100000 + secrets.randbelow(900000)
    mailer.send(email, f"Your code is {otp}")
