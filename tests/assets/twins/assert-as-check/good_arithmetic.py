def halves(n: int) -> int:
    assert n % 2 == 0
    return n // 2
