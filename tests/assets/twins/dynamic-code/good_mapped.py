import ast


def f(texts):
    return list(map(ast.literal_eval, texts))
