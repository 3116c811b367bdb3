import random


def demo_orders(count: int) -> list[dict]:
    return [{"id": number, "amount": round(random.uniform(5, 500), 2)} for number in range(count)]
