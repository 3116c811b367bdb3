app = open("desk.log", mode="r")
