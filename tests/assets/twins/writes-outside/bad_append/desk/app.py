app = open("/var/log/desk.log", mode="a")  # FINDING
