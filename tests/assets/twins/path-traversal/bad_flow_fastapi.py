from fastapi import FastAPI, UploadFile
from fastapi.responses import FileResponse

app = FastAPI()


@app.get("/files/{name:path}")
async def download(name: str):
    return FileResponse(f"/srv/files/{name}")  # FINDING


@app.post("/files")
async def upload(file: UploadFile):
    with open(f"/srv/files/{file.filename}", "wb") as out:  # FINDING
        out.write(await file.read())
    return {}
