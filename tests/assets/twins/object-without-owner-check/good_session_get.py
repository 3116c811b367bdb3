from fastapi import Depends, FastAPI, HTTPException
from sqlmodel import Field, Session, SQLModel

from desk.auth import get_current_user
from desk.database import get_session

app = FastAPI()


class Note(SQLModel, table=True):
    id: int = Field(primary_key=True)
    user_id: int
    text: str


@app.delete("/notes/{note_id}")
def delete_note(note_id: int, session: Session = Depends(get_session), user=Depends(get_current_user)):
    note = session.get(Note, note_id)
    if note is None or note.user_id != user.id:
        raise HTTPException(404)
    session.delete(note)
    session.commit()
