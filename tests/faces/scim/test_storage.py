"""Our storage against the contract that the SCIM server's makers wrote for storages, on real PostgreSQL."""

import pytest
from scim2_models import Group, ScimProvider
from scim2_server.testing import ScimStorageContract

from bailiwick.faces.scim.provider import build_provider
from bailiwick.faces.scim.storage import DirectoryStorage
from tests.faces.scim.conftest import token_for
from tests.fixtures.company import Company


@pytest.mark.req("ID3")
@pytest.mark.long
class TestOurStorage(ScimStorageContract):
    @pytest.fixture
    def provider(self) -> ScimProvider:
        # The contract writes display names of members, which groups of RFC 7643, section 8.7.1, do not have.
        return build_provider(Group)

    @pytest.fixture
    def storage(self, company: Company, provider: ScimProvider) -> DirectoryStorage:
        client = company.control.directory.authenticate(token_for(company, "contract"))
        return DirectoryStorage(company.control.directory, client, provider, writing=True)
