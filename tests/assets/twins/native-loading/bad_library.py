from ctypes import CDLL as Library

Library("libc.so.6")  # FINDING
