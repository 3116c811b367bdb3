import re

ZERO = re.compile("[\u200b\u200c\u200d\ufeff]")
