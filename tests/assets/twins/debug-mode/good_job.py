class Runner:
    def run(self, debug: bool) -> None:
        """Nothing of the web."""


Runner().run(debug=True)
