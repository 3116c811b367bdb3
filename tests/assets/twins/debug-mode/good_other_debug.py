class Printer:
    def __init__(self) -> None:
        self.debug = True


printer = Printer()
printer.debug = True
