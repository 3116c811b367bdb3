class Radio:
    def listen(self):
        return self


def app():
    return Radio().listen()
