"""Names that the database and its users share."""

TENANT_SETTING = "bailiwick.tenant"
DEFAULT_TENANT = "default"
