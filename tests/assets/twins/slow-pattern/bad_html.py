import re

TAG = re.compile(r"<(\w+)(\s+\w+=\"[^\"]*\"|\s+\w+|\s*)*>", re.I)  # FINDING
