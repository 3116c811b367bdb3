import requests  # FINDING
from typing import TYPE_CHECKING
app = 1
