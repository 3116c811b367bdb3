def f():
    import os as o

    run = o.popen
    return run("ls").read()  # FINDING
