from fastapi import FastAPI, Query

app = FastAPI()


@app.get("/people")
async def people(name: str, limit: int = Query(10)):
    async with pool.acquire() as connection:
        return await connection.fetch(f"SELECT * FROM people WHERE name = '{name}' LIMIT {limit}")  # FINDING
