import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/lookup")
async def lookup(name: str):
    process = await asyncio.create_subprocess_exec("nslookup", name)
    return {"code": await process.wait()}
