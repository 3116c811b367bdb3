import asyncio

from fastapi import FastAPI, WebSocket

app = FastAPI()
LINES = {"list": "ls", "date": "date"}


@app.websocket("/shell")
async def shell(websocket: WebSocket):
    await websocket.accept()
    while True:
        line = await websocket.receive_text()
        await asyncio.create_subprocess_shell(LINES.get(line, "true"))
