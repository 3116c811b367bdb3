from hashlib import blake2b as fingerprint_of


def receipt_code(order_id: int, amount: str) -> str:
    return fingerprint_of(f"{order_id}:{amount}".encode()).hexdigest()[:10]
