def uptime() -> str:
    with open("/tmp/uptime.txt") as file:
        return file.read()
