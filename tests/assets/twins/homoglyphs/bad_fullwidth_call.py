ｅｖａｌ("1")  # FINDING
