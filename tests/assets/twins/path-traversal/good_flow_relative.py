from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

app = FastAPI()
FOLDER = Path("files")


@app.get("/files/{name}")
def file(name: str):
    path = (FOLDER / name).resolve()
    try:
        path.relative_to(FOLDER.resolve())
    except ValueError:
        raise HTTPException(404)
    return FileResponse(path)
