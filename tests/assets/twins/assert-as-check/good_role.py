def delete_order(user, order) -> None:
    if not user.is_admin:
        raise PermissionError("only administrators may")
    order.delete()
