import httpx

VERIFY = False


def rates() -> dict:
    with httpx.Client(verify=VERIFY) as client:  # FINDING
        return client.get("https://rates.example/latest").json()
