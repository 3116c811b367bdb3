from os import *

system("ls")  # FINDING
