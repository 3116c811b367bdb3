from collections import Counter as Library

Library("libc.so.6")
