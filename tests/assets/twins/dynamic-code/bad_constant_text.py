exec("import os; os.system('ls')")  # FINDING
