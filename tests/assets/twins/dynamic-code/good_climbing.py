kinds = [kind.__name__ for kind in (int, str)]
