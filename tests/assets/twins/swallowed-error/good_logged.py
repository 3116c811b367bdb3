import logging


def save(store, row) -> None:
    try:
        store.put(row)
    except Exception:
        logging.exception("row not saved")
        raise
