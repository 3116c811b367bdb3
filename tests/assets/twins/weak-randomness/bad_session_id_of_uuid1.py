import uuid


def new_session(store, user_id: int) -> str:
    session_id = str(uuid.uuid1())  # FINDING
    store[session_id] = user_id
    return session_id
