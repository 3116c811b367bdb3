"""What our SCIM service is: its resource types, what it can do, and how much it forgives."""

from typing import Annotated, ClassVar, Union

import email_validator
from pydantic import Field
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    EnterpriseUser,
    ETag,
    Mutability,
    Patch,
    Reference,
    ResourceType,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    User,
)
from scim2_models import Filter as FilterSupport
from scim2_models import Group as StandardGroup

MOST_BODY_BYTES = 8 * 2**20
MOST_OPERATIONS = 1000
_MOST_RESULTS = 200

# Entra sends attributes that no schema has, values with a remove, and paths to entries that are not there yet.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


class GroupMember(ComplexAttribute):
    """A member as RFC 7643, section 8.7.1, has it: without the display name that a client could say otherwise."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[Union["User", "Group"]] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User", "Group"])


class Group(StandardGroup):
    """A group with such members."""

    members: list[GroupMember] | None = None  # type: ignore[assignment]
    Members: ClassVar[type[ComplexAttribute]] = GroupMember


def build_provider(group: type[StandardGroup] = Group) -> ScimProvider:
    """Return the description of the service (RFC 7643, sections 5 and 6); `group` is what its groups are."""
    # Companies have people at names such as corp.local (RFC 6761): nothing is sent there, so nothing is wrong with it.
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    group_type = ResourceType.from_resource(StandardGroup)
    return ScimProvider(
        models=[User, EnterpriseUser, group],
        resource_types=[ResourceType.from_resource(User[EnterpriseUser]), group_type],
        config=ServiceProviderConfig(
            patch=Patch(supported=True),
            bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BODY_BYTES),
            filter=FilterSupport(supported=True, max_results=_MOST_RESULTS),
            change_password=ChangePassword(supported=False),
            sort=Sort(supported=True),
            etag=ETag(supported=True),
            authentication_schemes=[
                AuthenticationScheme(
                    type=AuthenticationScheme.Type.oauthbearertoken,
                    name="Bearer token",
                    description="A token that an administrator gave to this directory",
                    primary=True,
                )
            ],
        ),
        policy=TOLERANT,
    )
