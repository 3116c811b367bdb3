import httpx

client = httpx.Client(base_url="https://api.rates.example/v1")
app = client
