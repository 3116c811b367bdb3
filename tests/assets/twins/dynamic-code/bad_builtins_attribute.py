import builtins

getattr(builtins, "lave"[::-1])(open("x").read())  # FINDING
