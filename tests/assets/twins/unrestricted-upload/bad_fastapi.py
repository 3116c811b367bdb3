from fastapi import FastAPI, UploadFile

app = FastAPI()


@app.post("/upload")
async def upload(file: UploadFile):
    with open(f"uploads/{file.filename}", "wb") as target:  # FINDING
        target.write(await file.read(1_000_000))
    return {"name": file.filename}
