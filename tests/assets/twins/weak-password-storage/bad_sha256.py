import hashlib


def register(db, name: str, password: str) -> None:
    digest = hashlib.sha256(password.encode()).hexdigest()  # FINDING
    db.execute("INSERT INTO people (name, digest) VALUES (%s, %s)", [name, digest])
