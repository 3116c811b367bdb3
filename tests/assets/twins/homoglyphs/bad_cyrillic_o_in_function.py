def authorize(user):
    return user.ok


def authоrize(user):  # FINDING
    return True
