import builtins

print(getattr(builtins, "nel"[::-1])("abc"))
