"""Directories that are read over LDAP (RFC 4511): what they say becomes users and groups of `directory`."""

from bailiwick.control.identity.ldap.model import Attributes, Brake, LdapSource, Search
from bailiwick.control.identity.ldap.names import check_filter, check_name
from bailiwick.control.identity.ldap.service import LdapSync

__all__ = ["Attributes", "Brake", "LdapSource", "LdapSync", "Search", "check_filter", "check_name"]
