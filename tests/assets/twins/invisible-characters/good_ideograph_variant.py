NAME = "葛󠄀城"
