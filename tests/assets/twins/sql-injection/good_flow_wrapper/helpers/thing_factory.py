class Thing1:
    def do_something(self, value):
        return value


def create_thing(kind="one"):
    return Thing1()
