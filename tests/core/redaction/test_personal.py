"""Personal data: each kind found whole where somebody wrote it, and nothing taken for it that is not."""

import pytest

from bailiwick.core.redaction import Redaction

pytestmark = pytest.mark.req("AI1")
PERSONAL = Redaction("personal")

# A text, and what is personal in it, in order.
FOUND = [
    # -- how people are reached --
    ("Write to ann.lee+shop@mail.example.co.uk today", [("email", "ann.lee+shop@mail.example.co.uk")]),
    ('{"mail":"zoë@exämple.de"}', [("email", "zoë@exämple.de")]),
    ("q=ann%40example.com&x=1", [("email", "ann%40example.com")]),
    ("call +49 (0)30 901820 now", [("phone", "+49 (0)30 901820")]),
    ("reach us at (555) 010-4477 ext. 12.", [("phone", "(555) 010-4477 ext. 12")]),
    ("212-555-0199 is the desk", [("phone", "212-555-0199")]),
    ("Tel. : 01 42 68 53 00", [("phone", "01 42 68 53 00")]),
    ("mobile: 07700900123", [("phone", "07700900123")]),
    ("Telefon 030/901820-11", [("phone", "030/901820-11")]),
    ("from 203.0.113.77 at noon", [("ip", "203.0.113.77")]),
    ("from 2001:db8:85a3::8a2e:370:7334.", [("ip", "2001:db8:85a3::8a2e:370:7334")]),
    ("card 00:1b:44:11:3a:b7 joined", [("mac", "00:1b:44:11:3a:b7")]),
    # -- who they are --
    ("Dear Mr. O'Connor, thank you", [("name", "O'Connor")]),
    ("Hallo Jürgen,\nwie geht's?", [("name", "Jürgen")]),
    ("My name is Ngozi Adichie and I", [("name", "Ngozi Adichie")]),
    ("Patient: Okonkwo", [("name", "Okonkwo")]),
    ('{"first_name": "Bo", "last_name": "Li"}', [("name", "Bo"), ("name", "Li")]),
    ("signed by Maria van der Berg yesterday", [("name", "Maria van der Berg")]),
    ("we met Jean-Pierre Dupont there", [("name", "Jean-Pierre Dupont")]),
    ("Kind regards,\nPriya Nair", [("name", "Priya Nair")]),
    ("DOB: 1985-03-12", [("birth-date", "1985-03-12")]),
    ("she was born on 3rd of May 1990 in", [("birth-date", "3rd of May 1990")]),
    ("geboren am 12.03.1985", [("birth-date", "12.03.1985")]),
    ("né le 1 août 1970", [("birth-date", "1 août 1970")]),
    # -- where they live --
    ("at 742 Evergreen Terrace, Springfield, IL 62704", [("address", "742 Evergreen Terrace, Springfield, IL 62704")]),
    ("to 221B Baker Street, London NW1 6XE.", [("address", "221B Baker Street, London NW1 6XE")]),
    ("wohnt Hauptstraße 12, 10115 Berlin", [("address", "Hauptstraße 12, 10115 Berlin")]),
    ("habite 12 rue de la Paix, 75002 Paris", [("address", "12 rue de la Paix, 75002 Paris")]),
    ("P.O. Box 1234", [("address", "P.O. Box 1234")]),
    # -- their numbers --
    ("IBAN DE89 3704 0044 0532 0130 00 please", [("iban", "DE89 3704 0044 0532 0130 00")]),
    ("card 4111-1111-1111-1111 exp", [("card", "4111-1111-1111-1111")]),
    ("account number: 12345678", [("account", "12345678")]),
    ("passport no. C01X00T47", [("document-id", "C01X00T47")]),
]  # fmt: skip

# Numbers of countries: as they are written, and the same with a digit changed, which is none.
NATIONAL = [
    ("us", "536-90-4399", "666-90-4399"),
    ("gb", "AB 12 34 56 C", "GB 12 34 56 C"),
    ("gb, by its name", "NHS number 943 476 5919", "NHS number 943 476 5918"),
    ("de, tax", "Steuer-ID 86095742719", "Steuer-ID 86095742718"),
    ("de, insurance", "15070649C103", "15070649C104"),
    ("fr", "2 55 08 14 168 025 38", "2 55 08 14 168 025 39"),
    ("es", "54362315K", "54362315L"),
    ("es, foreigners", "X2482300W", "X2482300A"),
    ("it", "RCCMNL83S18D969H", "RCCMNL83S18D969G"),
    ("nl", "BSN 111222333", "BSN 111222334"),
    ("be", "85.07.30-033.28", "85.07.30-033.29"),
    ("pl", "PESEL 44051401359", "PESEL 44051401358"),
    ("se", "880320-0016", "880320-0018"),
    ("fi", "311280-888Y", "311280-888X"),
    ("no", "15108695088", "15108695089"),
    ("ch", "756.9217.0769.85", "756.9217.0769.84"),
    ("at", "SVNR 1237 010180", "SVNR 1238 010180"),
    ("pt", "NIF 501 964 843", "NIF 501 964 842"),
    ("ie", "PPS 6433435F", "PPS 6433435E"),
    ("br", "390.533.447-05", "390.533.447-06"),
    ("in", "2345 6789 0124", "2345 6789 0125"),
    ("ca", "123-456-782", "123-456-783"),
    ("au", "TFN 123 456 782", "TFN 123 456 783"),
    ("za", "7503305044089", "7503305044088"),
    ("cn", "11010519491231002X", "110105194912310021"),
    ("tr", "TC kimlik 17291716060", "TC kimlik 17291716050"),
]

# What looks like it and is none.
NOTHING = [
    "version 10.2.30.4 of the server at 127.0.0.1, mask 255.255.255.0",
    "std::string, Dead::Beef, 12:34:56, 2026-11-29T12:34:56Z",
    "order 1234567890123 of 2026-11-29, 1,234,567.89 EUR, 4111111111111112",
    "commit 5d41402abc4b2a76b9719d911017c592, uuid 123e4567-e89b-12d3-a456-426614174000",
    "icon@2x.png, @decorator, git@code.example:team/repo.git, user@localhost",
    "The New York Times, Monday Morning, Total Revenue Report, Dear Customer,",
    "name: string, from: users, to: orders, class Customer(Base):",
    "Streets are long. He ran 12 miles a day. Chapter 12 Section 3",
    "pip install requests==2.31.0 && pytest -n 4  # 100 passed in 12.34s",
]


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[text[:30] for text, _ in FOUND])
def test_each_kind_is_found_whole(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in PERSONAL.spans(text)] == expected


@pytest.mark.parametrize(("right", "wrong"), [case[1:] for case in NATIONAL], ids=[case[0] for case in NATIONAL])
def test_numbers_of_countries_are_known_by_their_check_digits(right: str, wrong: str) -> None:
    for text, expected in ((f"x {right}, y", 1), (f"x {wrong}, y", 0)):
        assert [span.kind for span in PERSONAL.spans(text)].count("national-id") == expected, text


@pytest.mark.parametrize("text", NOTHING, ids=[text[:30] for text in NOTHING])
def test_nothing_is_taken_for_what_it_is_not(text: str) -> None:
    assert [text[span.start : span.end] for span in PERSONAL.spans(text)] == []
