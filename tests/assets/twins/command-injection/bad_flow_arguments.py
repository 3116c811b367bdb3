import os
import sys


def main():
    os.system("tar -cf backup.tar " + sys.argv[1])  # FINDING
