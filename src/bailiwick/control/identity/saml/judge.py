"""A first opinion on answers: python3-saml, strict, with the schemas of SAML. It also opens what is encrypted.

It is not the last word: it takes other addresses that begin like ours, clocks that are five minutes off, answers
without a recipient or audience, and answers a second time. `answers` checks all of that on what was really signed.
"""

from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.saml.description import IdpDescription
from bailiwick.control.identity.saml.keys import SamlKeys
from bailiwick.control.identity.saml.messages import ServiceProvider
from bailiwick.control.identity.saml.xml import Element


def opened(told: str, us: ServiceProvider, idp: IdpDescription, keys: SamlKeys, request_id: str | None) -> Element:
    """Return the document of an answer in base64, its assertion decrypted, when python3-saml finds no fault with it.

    Raises `SignInRefusedError` that says which it found.
    """
    address = urlsplit(us.answer_url)
    request = {
        "https": "on" if address.scheme == "https" else "off",
        "http_host": address.netloc,
        "script_name": address.path,
    }
    try:
        answer = OneLogin_Saml2_Response(_settings(us, idp, keys), told)
        answer.is_valid(request, request_id=request_id, raise_exceptions=True)
        return answer.get_xml_document()
    except Exception as fault:
        # Of what kind a fault in there is depends on the answer; whichever it is, the answer is not taken.
        said = str(fault)[:200] if isinstance(fault, OneLogin_Saml2_ValidationError) else "it cannot be read"
        raise SignInRefusedError(f"the identity provider's answer does not hold: {said}") from fault


def _settings(us: ServiceProvider, idp: IdpDescription, keys: SamlKeys) -> Any:
    pem = [certificate.public_bytes(Encoding.PEM).decode() for certificate in idp.certificates]
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": us.entity_id,
                "assertionConsumerService": {"url": us.answer_url},
                "x509cert": keys.certificate.public_bytes(Encoding.PEM).decode(),
                "privateKey": keys.key_pem.decode(),
            },
            "idp": {
                "entityId": idp.entity_id,
                "singleSignOnService": {"url": idp.sign_in_url},
                "x509certMulti": {"signing": pem},
            },
            "security": {
                "wantAssertionsSigned": True,
                "wantAttributeStatement": False,
                "rejectDeprecatedAlgorithm": True,
                "allowSingleLabelDomains": True,
            },
        }
    )
