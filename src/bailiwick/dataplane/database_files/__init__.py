"""Databases that are a file: opened by a process of its own, which knows that file and nothing else.

What imports little stays here: the process starts while an app waits for its connection.
"""
