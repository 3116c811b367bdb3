import httpx

client = httpx.Client(base_url="https://api.other.example/v1")  # FINDING
app = client
