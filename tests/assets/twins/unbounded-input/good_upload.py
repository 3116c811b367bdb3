from fastapi import FastAPI, HTTPException, UploadFile

app = FastAPI()
LIMIT_BYTES = 1_000_000


@app.post("/import")
async def take(file: UploadFile):
    content = await file.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise HTTPException(413)
    return {"lines": content.count(b"\n")}
