import os

go = os.getcwd
