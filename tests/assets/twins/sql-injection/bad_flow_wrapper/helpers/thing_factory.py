class Thing:
    def do_something(self, value):
        raise NotImplementedError


class Thing1(Thing):
    def do_something(self, value):
        return value


class Thing2(Thing):
    def do_something(self, value):
        kept = value
        return kept + " checked"


def create_thing(kind="one"):
    if kind == "one":
        return Thing1()
    return Thing2()
