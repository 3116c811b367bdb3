import random
import string


def invite(users, email: str) -> str:
    alphabet = string.ascii_letters + string.digits
    temporary = "".join(random.choices(alphabet, k=12))  # FINDING
    users.create(email=email, password=temporary)
    return temporary
