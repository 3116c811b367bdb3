import uuid

from fastapi import FastAPI, HTTPException, UploadFile

app = FastAPI()


@app.post("/upload")
async def upload(file: UploadFile):
    if file.content_type not in {"image/png", "image/jpeg"}:
        raise HTTPException(415)
    with open(f"uploads/{uuid.uuid4().hex}", "wb") as target:
        target.write(await file.read(1_000_000))
    return {"name": file.filename}
