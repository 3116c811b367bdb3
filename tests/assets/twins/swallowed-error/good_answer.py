def notify(mailer, person) -> bool:
    try:
        mailer.send(person)
    except Exception:
        return False
    return True
