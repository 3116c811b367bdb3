import httpx

BASE = "http://127.0.0.1:9000"
client = httpx.Client(base_url=BASE)


def health() -> int:
    return httpx.get("http://localhost:9000/healthz").status_code
