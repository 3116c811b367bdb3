from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

app = FastAPI()
FOLDER = Path("files").resolve()


@app.get("/files/{name}")
def file(name: str):
    path = (FOLDER / name).resolve()
    if FOLDER not in path.parents:
        raise HTTPException(404)
    return FileResponse(path)
