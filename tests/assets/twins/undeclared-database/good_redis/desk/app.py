import redis

app = redis.Redis(host="localhost", port=6380)
