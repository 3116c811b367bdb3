def save(store, row) -> None:
    try:
        store.put(row)
    except Exception:  # FINDING
        pass
