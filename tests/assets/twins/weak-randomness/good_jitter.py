import random
import time


def retry(call, attempts: int = 5):
    for attempt in range(attempts):
        try:
            return call()
        except ConnectionError:
            time.sleep(2**attempt + random.random())
    raise TimeoutError("gave up")
