"""The demo: the whole product on one machine, with a sample company."""
