"""What columns seem to hold: by name, by the form of most values, and nothing that tells of single ones."""

import pytest

from bailiwick.core.column_classes import Suggestion, class_by_name, may_identify, suggest
from bailiwick.core.naming import singular, words_of

CARDS = ["4111 1111 1111 1111", "5500005555555559", "340000000000009"]
IBANS = ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"]
FORMED = {
    "payment-card": CARDS,
    "bank-account": IBANS,
    "personal-email": ["ann@shop.example", "b.c+d@mail.shop.example"],
    "personal-phone": ["+49 30 901820", "0171/5550142", "(555) 010-9999", "030 9018 2000"],
    "identity-number": ["078-05-1120", "12345678Z", "QQ 12 34 56 C".replace("QQ", "AB"), "RSSMRA85T10A562S"],
    "personal-ip-address": ["192.0.2.7", "2001:db8::17", "198.51.100.0/24"],
    "personal-birth-date": ["1961-04-12", "1999-12-31 00:00:00"],
    "secret": ["ghp_" + "a1B2" * 9, "glpat-" + "x1" * 12],
}


@pytest.mark.req("IN8")
@pytest.mark.parametrize("data_class", sorted(FORMED))
def test_a_form_that_most_values_have_is_found_under_any_name(data_class: str) -> None:
    values = FORMED[data_class]
    assert suggest("t", "c1", values * 20) == Suggestion(data_class, "form", 10)
    # Half of them are still most, in tenths; one in ten says nothing.
    assert suggest("t", "c1", values * 10 + ["x"] * len(values) * 10).tenths == 5
    assert suggest("t", "c1", values[:1] * 10 + ["x"] * 90) == Suggestion()
    # And of few values nothing is said, however clear they are.
    assert suggest("t", "c1", values[:1] * 19) == Suggestion()


@pytest.mark.req("IN8")
@pytest.mark.parametrize(
    "values",
    [
        [str(number) for number in range(1000, 1100)],
        [f"2026-0{1 + number % 9}-11" for number in range(100)],
        [str(1_700_000_000_000 + number) for number in range(100)],
        [f"{number}.50" for number in range(100)],
        ["EMEA", "APAC"] * 50,
        ["4111111111111112"] * 50,
        ["123-45-0000"] * 50,
        ["12345678A"] * 50,
        [""] * 50,
    ],
    ids=["numbers", "days", "moments", "amounts", "words", "card-check", "ssn-serial", "dni-letter", "empty"],
)
def test_ordinary_values_are_nothing(values: list[str]) -> None:
    assert suggest("t", "c1", values) == Suggestion()


@pytest.mark.req("IN8")
@pytest.mark.parametrize(
    ("table", "column", "data_class"),
    [
        ("orders", "customerEmail", "personal-email"),
        ("orders", "card_number", "payment-card"),
        ("customers", "name", "personal-name"),
        ("products", "name", ""),
        ("people", "date_of_birth", "personal-birth-date"),
        ("users", "password_hash", "secret"),
        ("orders", "order_number", ""),
        ("staff", "IBAN", "bank-account"),
        ("logs", "client_ip", "personal-ip-address"),
        ("orders", "status", ""),
    ],
)
def test_names_speak_where_values_do_not(table: str, column: str, data_class: str) -> None:
    assert class_by_name(table, column) == data_class
    assert suggest(table, column, []).data_class == data_class


@pytest.mark.req("IN8")
def test_values_count_more_than_names_and_prose_is_told() -> None:
    assert suggest("t", "email", CARDS * 20).data_class == "payment-card"
    assert suggest("t", "email", FORMED["personal-email"] * 20).because == "both"
    said = suggest("t", "note", ["she called about the broken lamp again", "paid"] * 20)
    assert said == Suggestion(prose=True)


def test_what_others_know_of_people_may_identify_them() -> None:
    assert may_identify("zip_code", ())
    assert may_identify("when", ("personal-birth-date",))
    assert not may_identify("amount", ("payment",))


def test_words_are_compared_without_spelling() -> None:
    assert words_of("customerEmails") == words_of("CUSTOMER_email") == ("customer", "email")
    told = {"companies": "company", "addresses": "address", "boxes": "box", "status": "status", "prices": "price"}
    assert {word: singular(word) for word in told} == told
