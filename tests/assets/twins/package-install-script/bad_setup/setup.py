from setuptools import setup
setup(name="x", cmdclass={"install": print})  # FINDING
