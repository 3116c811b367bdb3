from setuptools import setup
setup(name="x", package_data={"x": ["y"]})
