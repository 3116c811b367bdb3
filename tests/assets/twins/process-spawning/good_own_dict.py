import os

print(os.__dict__["sep"])
