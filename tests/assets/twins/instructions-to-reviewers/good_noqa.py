import os  # noqa: F401 - false positive of the linter
