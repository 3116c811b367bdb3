import httpx
from fastapi import BackgroundTasks, Body, FastAPI

app = FastAPI()


def notify(address, text):
    httpx.post(address, json={"text": text})  # FINDING


@app.post("/hook")
def hook(tasks: BackgroundTasks, address: str = Body(...)):
    tasks.add_task(notify, address, "hello")
    return {}
