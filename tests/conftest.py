"""What all tests share: real servers as fixtures, started when first needed and stopped at the end."""

from hypothesis import settings

# How fast a machine is says nothing about whether a property holds.
settings.register_profile("bailiwick", deadline=None)
settings.load_profile("bailiwick")

pytest_plugins = (
    "tests.fixtures.postgres",
    "tests.fixtures.store",
    "tests.fixtures.company",
    "tests.fixtures.plane",
    "tests.fixtures.issuer",
    "tests.fixtures.saml_provider",
    "tests.fixtures.saml_genuine",
    "tests.fixtures.slapd",
)
