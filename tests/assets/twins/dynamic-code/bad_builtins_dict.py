import builtins

builtins.__dict__["ev" + "al"](open("x").read())  # FINDING
