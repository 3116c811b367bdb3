"""Mail from inside a sandbox: by the name in the manifest, without a credential, for whom the app serves."""

import json

import pytest

from bailiwick.core.grants import DataGrant, MailGrant
from bailiwick.core.messages import IntegrationState, KillOrder, MailConnection
from bailiwick.core.stops import StopScope
from tests.fixtures.plane import PlaneHouse
from tests.fixtures.post_office import PostOffice

pytestmark = pytest.mark.req("IN1", "IN3", "IN9")
SENDS = """
import json, os, smtplib, urllib.parse
from email.message import EmailMessage

def sent(to):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "billing@example.com", to, "An invoice"
    message.set_content("Hello.")
    place = urllib.parse.urlsplit(os.environ["POST_URL"])
    try:
        with smtplib.SMTP(place.hostname, place.port, timeout=10) as client:
            client.send_message(message)
    except smtplib.SMTPException as fault:
        return str(fault)
    return "sent"

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    said = json.dumps(sent(scope["path"][1:])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
"""


async def test_an_app_sends_mail_for_the_person_it_serves_until_it_is_switched_off(
    house: PlaneHouse, post_office: PostOffice
) -> None:
    grant = MailGrant(senders=("billing@example.com",), recipients=("*@example.com",))
    post = IntegrationState(
        name="post",
        resource="mail",
        connection=MailConnection(kind="smtp", host="127.0.0.1", port=post_office.port, security="none"),
        grant=DataGrant(integration="mail", tables=(), mail=(grant,)),
        roles={},
    )
    state = house.release({"app.py": SENDS}, integrations=(post,))
    await house.until_running(state)
    assert json.loads((await house.get("/ann@example.com")).text) == "sent"
    told = await house.until_event("mail.sent")
    assert (told.actor, told.resource, told.app) == ("user:user@example.com", "integration:mail", "finance/desk")
    assert "no access opens mail to eve@elsewhere.example" in (await house.get("/eve@elsewhere.example")).text
    await house.plane._take(KillOrder(scope=StopScope.parse("integration:mail"), because="it leaks"))
    assert "mail is stopped: it leaks" in (await house.get("/ann@example.com")).text
    assert post_office.recipients == ["ann@example.com"]
