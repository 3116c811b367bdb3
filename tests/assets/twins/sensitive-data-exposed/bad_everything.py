from fastapi import FastAPI

app = FastAPI()


@app.get("/users/{user_id}")
def one(user_id: int, db):
    user = db.find(user_id)
    return user.__dict__  # FINDING
