"""Reads tables."""


X = "coding: utf-7"
# what coding: utf-7 means
