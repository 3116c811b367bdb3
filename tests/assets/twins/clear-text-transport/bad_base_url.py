import httpx

BASE = "http://erp.example.com"


def report(number: int) -> dict:
    return httpx.get(f"{BASE}/reports/{number}").json()


client = httpx.Client(base_url=BASE)  # FINDING
