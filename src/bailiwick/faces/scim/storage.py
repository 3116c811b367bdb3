"""Our directory as the storage of a SCIM server: resources to drafts and back, its errors to SCIM's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unicodedata import normalize

from scim2_models import BaseModel as ScimModel
from scim2_models import (
    CaseExact,
    Context,
    ForbiddenException,
    Group,
    InvalidValueException,
    Meta,
    NotFoundException,
    PreconditionFailedException,
    Resource,
    ResourceType,
    ResponseParameters,
    SCIMException,
    ScimFilter,
    ScimProvider,
    SearchRequest,
    UnauthorizedException,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage
from scim2_server.utils import parametrize
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, or_
from sqlalchemy.orm import Session

from bailiwick.control.identity.directory import (
    DirectoryClient,
    DirectoryService,
    Draft,
    Kind,
    NameTakenError,
    Record,
    ResourceRow,
    attributes_of,
    fold,
    primary,
    usable_address,
)
from bailiwick.core.errors import (
    BailiwickError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
)
from bailiwick.faces.scim.conditions import condition, sort_key

_PRECONDITION_FAILED = 412
_OWN_COLUMNS = frozenset({"id", "meta", "members", "groups", "password"})


class DirectoryStorage(ScimStorage):
    """The resources of one directory, for the length of one request."""

    def __init__(
        self, directory: DirectoryService, client: DirectoryClient, provider: ScimProvider, *, writing: bool
    ) -> None:
        self._directory = directory
        self._client = client
        self._provider = provider
        self._writing = writing
        self._session: Session | None = None
        self._refused: tuple[Draft, NameTakenError] | None = None

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Enclose one operation in a transaction of its own: each of a bulk request stands or falls alone.

        A claim that was refused is kept for administrators to see, which outlives the transaction that it ended.
        """
        self._refused = None
        try:
            with translated(), self._directory.entered(self._client, writing=self._writing) as session:
                self._session = session
                yield
        finally:
            self._session = None
            if self._refused is not None:
                self._directory.report_refused(self._client, *self._refused)

    @contextmanager
    def _claiming(self, draft: Draft) -> Iterator[None]:
        try:
            yield
        except NameTakenError as fault:
            self._refused = (draft, fault)
            raise

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        if self._session is not None:
            with translated():
                yield self._session
            return
        with self.operation():
            assert self._session is not None  # noqa: S101 - set by the operation
            yield self._session

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """Return a resource; its memberships only when the answer shows them."""
        kind = _kind(resource_type)
        with self._transaction() as session:
            found = self._directory.get(
                session, self._client, kind, _plain(resource_id), links=_shows_links(kind, response_parameters)
            )
        return self._resource(found)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """Return a page of what matches; database and filter do the work."""
        del position  # only of cursors, which are not announced
        where = or_(false(), *(self._matching(item, search_request) for item in resource_types))
        shows = any(_shows_links(_kind(item), search_request) for item in resource_types)
        with self._transaction() as session:
            found = self._directory.find(
                session,
                self._client,
                where,
                self._order(resource_types, search_request),
                offset=search_request.start_index_0 or 0,
                limit=search_request.count,
                links=shows,
            )
        return SearchPage(found.total, [self._resource(item) for item in found.records])

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Take in a new resource."""
        draft = draft_of(resource_type, resource)
        with self._transaction() as session, self._claiming(draft):
            return self._resource(self._directory.create(session, self._client, draft))

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Make a resource as it is given."""
        draft = draft_of(resource_type, resource)
        with self._transaction() as session, self._claiming(draft):
            done = self._directory.replace(
                session, self._client, str(resource.id), draft, expected=_number(expected_version)
            )
            return self._resource(done)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Forget a resource."""
        with self._transaction() as session:
            self._directory.delete(
                session, self._client, _kind(resource_type), _plain(resource_id), expected=_number(expected_version)
            )

    # -- searching -----------------------------------------------------------------------------------------------

    def _model(self, resource_type: ResourceType) -> Any:
        return self._provider.model_for(resource_type)

    def _matching(self, resource_type: ResourceType, request: SearchRequest[Any]) -> ColumnElement[bool]:
        of_kind = ResourceRow.kind == _kind(resource_type)
        if request.filter is None:
            return of_kind
        # Bound to one model at a time: what this type does not declare matches none of its resources.
        bound = parametrize(ScimFilter, self._model(resource_type))(str(request.filter))
        return and_(of_kind, condition(bound))

    def _order(self, types: Sequence[ResourceType], request: SearchRequest[Any]) -> list[SQLColumnExpression[Any]]:
        found = (request.sort_binding(self._model(item)) for item in types) if request.sort_by is not None else ()
        keys = [sort_key(binding) for binding in found if binding is not None]
        if request.sort_order is SearchRequest.SortOrder.descending:
            return [key.desc().nulls_first() for key in keys[:1]]
        return [key.asc().nulls_last() for key in keys[:1]]

    # -- both ways -----------------------------------------------------------------------------------------------

    def _resource(self, found: Record) -> Resource[Any]:
        model: Any = self._provider.model_for(found.kind.value)
        content = {**found.document, "id": found.id}
        if found.links:
            name = "members" if found.kind is Kind.GROUP else "groups"
            content[name] = [
                {"value": link.id, "type": link.kind.value, "$ref": f"{link.kind.value}s/{link.id}"}
                if found.kind is Kind.GROUP
                else {"value": link.id, "display": link.name, "type": "direct", "$ref": f"Groups/{link.id}"}
                for link in found.links
            ]
        resource: Resource[Any] = model.model_validate(content)
        resource.meta = Meta(
            resource_type=found.kind.value,
            created=found.created,
            last_modified=found.modified,
            version=f'W/"{found.version}"',
        )
        return resource


def draft_of(resource_type: ResourceType, resource: Resource[Any]) -> Draft:
    """Return what a resource means for us; raise `InvalidValueException` when it cannot be kept."""
    whole = resource.model_dump(scim_ctx=Context.DEFAULT)
    document = {key: value for key, value in whole.items() if key not in _OWN_COLUMNS}
    _require_no_nul(document)
    comparable = folded(resource, document)
    if isinstance(resource, Group):
        name = str(resource.display_name)
        members = frozenset(str(member.value) for member in resource.members or () if member.value)
        return Draft(Kind.GROUP, name, fold(name), document, comparable, members=members)
    name = str(document.get("userName", ""))
    return Draft(
        _kind(resource_type),
        name,
        fold(name),
        document,
        comparable,
        email=_email(document, name),
        display_name=_display_name(document, name),
        active=document.get("active") is not False,
        attributes=attributes_of(document),
    )


def folded(model: ScimModel, dumped: dict[str, Any]) -> dict[str, Any]:
    """Return a dumped model with its strings folded, but for those whose case counts."""
    extensions = model.get_extension_models() if isinstance(model, Resource) else {}
    names = {str(field.serialization_alias): name for name, field in type(model).model_fields.items()}
    out: dict[str, Any] = {}
    for key, value in dumped.items():
        if key in extensions:
            out[key] = folded(getattr(model, extensions[key].__name__), value)
        elif key in names:
            exact = type(model).get_field_annotation(names[key], CaseExact) == CaseExact.true
            out[key] = _folded_value(getattr(model, names[key]), value, exact=exact)
    return out


def _folded_value(held: Any, dumped: Any, *, exact: bool) -> Any:
    if isinstance(held, ScimModel):
        return folded(held, dumped)
    if isinstance(dumped, list):
        # What is dumped may hold more than the model: the schemas of extensions.
        ends = held if isinstance(held, list) and len(held) == len(dumped) else [None] * len(dumped)
        return [_folded_value(one, other, exact=exact) for one, other in zip(ends, dumped, strict=True)]
    if isinstance(dumped, str):
        return normalize("NFC", dumped) if exact else fold(dumped)
    return dumped


@contextmanager
def translated() -> Iterator[None]:
    """Say our errors in SCIM's words (RFC 7644, section 3.12)."""
    try:
        yield
    except BailiwickError as fault:
        raise scim_error(fault) from fault


def scim_error(fault: BailiwickError) -> SCIMException:
    """Return one of our errors as SCIM's; a refusal names the policies that decided."""
    words = f"{fault.message}: {fault.hint}" if fault.hint else fault.message
    match fault:
        case NotFoundError():
            return NotFoundException(detail=words)
        case ConflictError():
            return UniquenessException(detail=words)
        case InvalidInputError():
            return InvalidValueException(detail=words)
        case NotAuthenticatedError():
            return UnauthorizedException(detail=words)
        case ForbiddenError():
            return ForbiddenException(detail=f"{words} (decided by: {', '.join(fault.deciders)})")
        case _ if fault.status == _PRECONDITION_FAILED:
            return PreconditionFailedException(detail=words)
        case _:
            raise fault


def _kind(resource_type: ResourceType) -> Kind:
    return Kind(str(resource_type.name))


def _shows_links(kind: Kind, parameters: ResponseParameters[Any] | None) -> bool:
    """Return whether an answer may show memberships: when in doubt it does."""
    if parameters is None:
        return True
    name = "members" if kind is Kind.GROUP else "groups"
    excluded = {str(item).lower() for item in parameters.excluded_attributes or ()}
    wanted = [str(item).lower() for item in parameters.attributes or ()]
    return name not in excluded and (not wanted or any(name in item for item in wanted))


def _number(version: str | None) -> int | None:
    """Return the number in one of our versions; a version that is not ours matches nothing."""
    if version is None:
        return None
    digits = version.removeprefix("W/").strip('"')
    return int(digits) if digits.isdecimal() and len(digits) < len(str(2**31)) else -1


def _plain(resource_id: str) -> str:
    if "\0" in resource_id:
        raise NotFoundException(detail="no identifier holds a NUL character")
    return resource_id


def _require_no_nul(value: Any) -> None:
    """Raise when a string holds what PostgreSQL cannot keep."""
    if isinstance(value, str):
        if "\0" in value:
            raise InvalidValueException(detail="a value holds a NUL character")
    elif isinstance(value, dict):
        for item in value.values():
            _require_no_nul(item)
    elif isinstance(value, list):
        for item in value:
            _require_no_nul(item)


def _email(document: dict[str, Any], user_name: str) -> str | None:
    """Return the address that an identity provider would sign this user in with, or None when there is none."""
    return usable_address(str(primary(document.get("emails")).get("value") or user_name))


def _display_name(document: dict[str, Any], user_name: str) -> str:
    name = document.get("name") or {}
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return str(document.get("displayName") or name.get("formatted") or parts or user_name)
