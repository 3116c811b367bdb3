def may(role):
    if role != "admin‮ ⁦# only administrators⁩ ⁦":  # FINDING
        return False
    return True
