def is_admin(user):
    return user.ad​min  # FINDING
