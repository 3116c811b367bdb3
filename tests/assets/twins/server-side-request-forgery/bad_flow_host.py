import httpx
from fastapi import FastAPI

app = FastAPI()


@app.get("/weather")
async def weather(region: str):
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"https://{region}.weather.example/now")  # FINDING
    return answer.json()
