import random


def pick_examples(examples: list[str], most_tokens: int) -> list[str]:
    token_count = 0
    chosen = []
    for example in random.sample(examples, len(examples)):
        token_count += len(example.split())
        if token_count > most_tokens:
            break
        chosen.append(example)
    return chosen
