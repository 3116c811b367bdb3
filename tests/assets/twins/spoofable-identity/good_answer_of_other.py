import httpx


def limit_left() -> str:
    response = httpx.get("https://api.example.com/limits")
    return response.headers["X-Role"]
