from tools import go

print(go())
