import redis

app = redis.Redis(host="cache.corp.example", port=6380)  # FINDING
