from argon2 import PasswordHasher

hasher = PasswordHasher()


def register(db, name: str, password: str) -> None:
    digest = hasher.hash(password)
    db.execute("INSERT INTO people (name, digest) VALUES (%s, %s)", [name, digest])
