def clean(items, check) -> list:
    kept = []
    for item in items:
        try:
            check(item)
        except:  # FINDING
            continue
        kept.append(item)
    return kept
