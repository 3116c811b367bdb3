import os

print(getattr(os, "getc" + "wd")())
