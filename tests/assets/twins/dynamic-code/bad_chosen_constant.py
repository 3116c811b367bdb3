FORMULAS = {"one": "1 + 1", "two": "__import__('os').getcwd()"}


def worth(name: str) -> object:
    return eval(FORMULAS[name])  # FINDING


def either(big: bool, text: str) -> object:
    formula = "1000" if big else text
    return eval(formula)  # FINDING
