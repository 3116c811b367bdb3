def count(usage, max_tokens: int) -> None:
    print("tokens used:", usage.total_tokens, "of", max_tokens)
