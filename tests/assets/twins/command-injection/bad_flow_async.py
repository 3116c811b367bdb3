import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/lookup")
async def lookup(name: str):
    process = await asyncio.create_subprocess_shell(f"nslookup {name}")  # FINDING
    return {"code": await process.wait()}
