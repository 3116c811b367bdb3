def notify(mailer, person) -> None:
    try:
        mailer.send(person)
    except BaseException:  # FINDING
        ...
