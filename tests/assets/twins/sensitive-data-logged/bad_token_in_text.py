import logging


def call(client, token: str) -> None:
    logging.debug(f"calling with token {token}")  # FINDING
    client.get("/orders", headers={"Authorization": f"Bearer {token}"})
