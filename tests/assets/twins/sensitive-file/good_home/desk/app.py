app = open("aws/notes.txt")
