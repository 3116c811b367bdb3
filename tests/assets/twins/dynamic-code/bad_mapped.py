def f(texts):
    return list(map(eval, texts))  # FINDING
