"""The people of the sample company, as its directory knows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SamplePerson:
    """Someone who can sign in at the development identity provider with a click."""

    role: str
    email: str
    name: str
    groups: tuple[str, ...]
    region: str


PEOPLE = (
    SamplePerson("admin", "admin@example.com", "Ada Okafor", ("platform-admins",), "EMEA"),
    SamplePerson("it", "it@example.com", "Ivo Lindqvist", ("it-admins",), "EMEA"),
    SamplePerson("builder", "builder@example.com", "Bea Marchetti", ("finance-builders",), "EMEA"),
    SamplePerson("user", "user@example.com", "Uma Fischer", ("support",), "EMEA"),
    SamplePerson("auditor", "auditor@example.com", "Aldo Brandt", ("auditors",), "EMEA"),
    SamplePerson("approver", "approver@example.com", "Priya Nair", ("finance-approvers",), "EMEA"),
    SamplePerson("security", "security@example.com", "Sana Haddad", ("security-admins",), "EMEA"),
    SamplePerson("apac-user", "apac.user@example.com", "Kenji Watanabe", ("support",), "APAC"),
)

# Which group of the directory holds which role where: (group, role, scope).
ROLE_RULES = (
    ("platform-admins", "org-admin", "organization:default"),
    ("it-admins", "it-admin", "organization:default"),
    ("security-admins", "security-admin", "organization:default"),
    ("auditors", "auditor", "organization:default"),
    ("finance-builders", "builder", "folder:finance"),
    ("finance-approvers", "approver", "folder:finance"),
    ("support", "app-user", "folder:finance"),
)
