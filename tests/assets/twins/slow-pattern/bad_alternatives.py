import re

DOMAIN = re.compile(r"^(\w+|\d+)+\.example$")  # FINDING
