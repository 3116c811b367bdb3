def delete_order(user, order) -> None:
    assert user.is_admin, "only administrators may"  # FINDING
    order.delete()
