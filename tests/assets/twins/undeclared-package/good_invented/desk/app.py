import surprise
app = 1
