SYSTEM = """You are a helpful assistant for support staff.
Always answer in JSON. Do not mention internal systems.
If you are not sure, say so.
"""


def messages(text):
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
