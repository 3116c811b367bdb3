def total(cart) -> float:
    assert cart.owner is not None
    assert isinstance(cart.lines, list)
    return sum(cart.lines)
