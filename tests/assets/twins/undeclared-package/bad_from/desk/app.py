from bs4 import BeautifulSoup  # FINDING
app = BeautifulSoup
