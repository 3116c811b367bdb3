import builtins

print(builtins.__dict__["le" + "n"]("abc"))
