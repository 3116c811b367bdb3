import os
import shlex
import sys


def main():
    os.system("tar -cf backup.tar " + shlex.quote(sys.argv[1]))
