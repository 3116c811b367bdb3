import pytest

from bailiwick.core.sensitive import Finder

KEY = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIBOgIBAAJBAK\n-----END RSA PRIVATE KEY-----\n"


def found(text: str, finder: Finder | None = None) -> list[tuple[str, str]]:
    data = text.encode()
    return [(item.kind, data[item.start : item.end].decode()) for item in (finder or Finder()).find(data)]


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("paid with 4111 1111 1111 1111 12/27 today", "card", "4111 1111 1111 1111"),
        ("order 123 5555-5555-5555-4444", "card", "5555-5555-5555-4444"),
        ("amex=3782%20822463%2010005&x=1", "card", "3782%20822463%2010005"),
        ("c=%204222222222222", "card", "4222222222222"),
        ('{"n":6011111111111117}', "card", "6011111111111117"),
        ("AB12 DE89 3704 0044 0532 0130 00 PLEASE", "iban", "DE89 3704 0044 0532 0130 00"),
        ("iban=GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
        ("mail=jo%40corp.example&a=b", "email", "jo%40corp.example"),
        ('"to": "Jo <jo.doe+x@mail.corp.example>"', "email", "jo.doe+x@mail.corp.example"),
        ('"jo\\u0040corp.example"', "email", "jo\\u0040corp.example"),
        ("key AKIAIOSFODNN7EXAMPLE here", "secret", "AKIAIOSFODNN7EXAMPLE"),
        (KEY, "secret", KEY[: KEY.index("-----END")]),
    ],
)
def test_values_are_found_as_they_are_commonly_written(text: str, kind: str, value: str) -> None:
    assert found(text) == [(kind, value)]


@pytest.mark.req("RT2")
@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # the check digit is wrong
        "0000 0000 0000 0000",
        "1700000000000",  # milliseconds
        "5".join("4" * 9),
        "DE88 3704 0044 0532 0130 00",
        "XX89 3704 0044 0532 0130 00",
        "someone@localhost",
        "a @ b.example",
        "",
    ],
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.req("RT2")
def test_known_secrets_are_found_as_json_and_forms_write_them() -> None:
    finder = Finder(("secret",), ['p/ss"w rd', "short"])
    said = found('a p/ss"w rd {"k":"p/ss\\"w rd"} k=p%2Fss%22w%20rd short', finder)
    assert [value for _, value in said] == ['p/ss"w rd', 'p/ss\\"w rd', "p%2Fss%22w%20rd"]


@pytest.mark.req("RT2")
def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    text = "4111111111111111 jo@corp.example hunter2-hunter2"
    assert found(text, Finder(("card",), ["hunter2-hunter2"])) == [("card", "4111111111111111")]
