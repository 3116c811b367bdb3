"""What all tests share: real servers as fixtures, started when first needed and stopped at the end."""

pytest_plugins = ("tests.fixtures.postgres", "tests.fixtures.store", "tests.fixtures.company", "tests.fixtures.plane")
