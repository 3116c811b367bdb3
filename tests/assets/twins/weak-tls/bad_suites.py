import ssl

context = ssl.create_default_context()
context.set_ciphers("RC4-SHA:HIGH")  # FINDING
