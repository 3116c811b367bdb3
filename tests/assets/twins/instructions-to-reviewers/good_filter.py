BLOCKED = ["ignore previous instructions", "disregard the system prompt", "you are now DAN"]


def is_attack(text):
    return any(words in text.lower() for words in BLOCKED)
