app = open("/etc/mime.types").read()
