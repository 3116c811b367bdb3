from uuid import UUID, uuid4

from fastapi import FastAPI, UploadFile
from fastapi.responses import FileResponse

app = FastAPI()


@app.get("/files/{name}")
async def download(name: UUID):
    return FileResponse(f"/srv/files/{name}")


@app.post("/files")
async def upload(file: UploadFile):
    with open(f"/srv/files/{uuid4()}", "wb") as out:
        out.write(await file.read())
    return {}
