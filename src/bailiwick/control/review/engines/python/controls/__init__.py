"""What a route leaves out: who may, from where, how often, and whose."""
