FORMULAS = {"one": "1 + 1", "two": "2 * price"}


def worth(name: str, price: float) -> float:
    return eval(FORMULAS[name], {"price": price})


def either(big: bool) -> float:
    formula = "1000" if big else "1"
    return eval(formula)
