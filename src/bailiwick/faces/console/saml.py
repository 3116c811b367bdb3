"""The addresses that a SAML identity provider and the browsers that it sends use."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from bailiwick.control.app import ControlPlane
from bailiwick.control.sign_in import CALLBACK_PATH, SAML_PATH
from bailiwick.core.errors import InvalidInputError
from bailiwick.faces.console.sessions import bind_state

# A message of 256 KiB in base64, with every sign of it that may need it escaped.
_LONGEST_FORM_BYTES = 512 * 1024
_MOST_FIELDS = 8


async def short_form(request: Request) -> dict[str, str]:
    """Return the fields of a form that another site sent, read up to a limit."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > _LONGEST_FORM_BYTES:
            raise InvalidInputError(f"this form is larger than {_LONGEST_FORM_BYTES // 1024} KiB")
    try:
        return dict(parse_qsl(content.decode("ascii"), max_num_fields=_MOST_FIELDS, strict_parsing=bool(content)))
    except ValueError as fault:
        raise InvalidInputError("this is not the form of a SAML binding") from fault


ShortForm = Annotated[dict[str, str], Depends(short_form)]


def add_saml(app: FastAPI, control: ControlPlane, *, secure: bool) -> None:
    """Add our metadata for each provider, where it answers sign-ins, and where logouts pass."""

    @app.get(SAML_PATH + "/{provider}/metadata")
    def metadata(provider: str) -> Response:
        return Response(control.saml.metadata(provider), media_type="application/samlmetadata+xml")

    @app.post(SAML_PATH + "/{provider}/acs")
    def answer(provider: str, form: ShortForm) -> Response:
        """Take the answer, and send the browser on to where its cookies come along."""
        taken = control.saml.take_answer(provider, form.get("SAMLResponse", ""), form.get("RelayState", ""))
        query = urlencode({"state": taken.state, "code": taken.code})
        response = RedirectResponse(f"{CALLBACK_PATH}/{provider}?{query}", 303)
        if not taken.begun_here:
            bind_state(response, taken.state, secure=secure)
        return response

    @app.get(SAML_PATH + "/{provider}/slo")
    def logout_by_redirect(request: Request, provider: str) -> Response:
        return _onward(control.saml.hear_logout(provider, query=request.url.query, form={}))

    @app.post(SAML_PATH + "/{provider}/slo")
    def logout_by_form(provider: str, form: ShortForm) -> Response:
        return _onward(control.saml.hear_logout(provider, query="", form=form))


def _onward(answer_url: str) -> Response:
    """Send the browser to the provider with our answer; where it wants none, to our own door."""
    return RedirectResponse(answer_url or "/sign-in", 303)
