import hashlib
import json


def report(query: dict, cache) -> dict | None:
    cache_key = "report:" + hashlib.sha1(json.dumps(query, sort_keys=True).encode()).hexdigest()
    return cache.get(cache_key)
