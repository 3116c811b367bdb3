app = open("/opt/data/rates.csv")  # FINDING
