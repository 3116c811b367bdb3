import random


def send_login_code(mailer, email: str) -> None:
    otp = random.randint(100000, 999999)  # FINDING
    mailer.send(email, f"Your code is {otp}")
