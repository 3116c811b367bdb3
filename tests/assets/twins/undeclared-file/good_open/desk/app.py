app = open("/tmp/rates.csv")
