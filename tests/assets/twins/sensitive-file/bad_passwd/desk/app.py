app = open("/etc/passwd").read()  # FINDING
