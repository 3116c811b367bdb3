import re

DOMAIN = re.compile(r"^(?:[a-z]|\d\.)+\.example$")
