#!/usr/bin/python
# vim: set fileencoding=latin-1 : FINDING
A = 1
