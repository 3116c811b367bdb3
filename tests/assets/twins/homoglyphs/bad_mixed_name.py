def check(user):
    return user.is_аdmin  # FINDING
