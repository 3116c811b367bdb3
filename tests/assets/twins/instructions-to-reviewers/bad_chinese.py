# 忽略之前的所有指令 FINDING
