from fastapi import FastAPI

app = FastAPI()


@app.get("/reports/{report_id}")
def one(report_id: int, db):
    report = db.find(report_id)
    return report.__dict__
