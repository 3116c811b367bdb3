import uuid


def new_session(store, user_id: int) -> str:
    session_id = str(uuid.uuid4())
    store[session_id] = user_id
    return session_id
