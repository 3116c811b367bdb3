"""Redaction: what must not be seen is found in text and replaced, everywhere in the same way."""
