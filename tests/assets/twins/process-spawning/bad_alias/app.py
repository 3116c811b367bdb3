from tools import go

go("ls")  # FINDING
