import sys

print(sys.modules["os"].getcwd())
