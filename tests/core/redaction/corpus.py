"""A labelled corpus, made of templates and made-up values: what is secret or personal in each text, and where.

Values are drawn by a fixed seed: the same in each run. Numbers that have check digits are drawn until these are right.
"""

import base64
import random
import re
import string
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Label = tuple[int, int, str]


@dataclass(frozen=True)
class Labelled:
    """A text, its language, and what is in it: from where to where (characters), and what it is."""

    text: str
    language: str
    labels: tuple[Label, ...]


# `«kind»` is where a value stands. Every template is filled several times.
TEMPLATES: tuple[tuple[str, str], ...] = (
    # -- English: letters, tickets, chats, forms, logs --
    ("en", "Dear Mr. «name»,\nthank you for your order. We wrote to «email» and called «phone» without luck."),
    ("en", "My name is «name» and I live at «address-en». Please send the refund to «iban»."),
    ("en", "Ticket 8841: customer «full-name» (date of birth: «birth-date») disputes a charge on card «card»."),
    ("en", "Patient: «full-name», SSN «id-us», phone «phone», insured since 2019."),
    ("en", "The caller's NHS number is «id-gb» and her email is «email», she said."),
    ("en", '{"first_name": "«given»", "last_name": "«family»", "email": "«email»", "ip": "«ip»"}'),
    ("en", "2026-03-01T10:22:01Z WARN login failed for «email» from «ip» after 3 tries"),
    ("en", "Passport no. «passport» was issued in 2021, account number: «account»."),
    ("en", "We met «full-name» at the fair; reach her under «phone»."),
    ("en", "Kind regards,\n«full-name»"),
    ("en", "Ship it to «address-en» before Friday, attn: «full-name»"),
    ("en", "contact: «email», mobile: «phone-plain»"),
    ("en", "device «mac» got «ip» from the pool"),
    # -- German --
    (
        "de",
        "Sehr geehrte Frau «name»,\nbitte überweisen Sie auf «iban», Rückfragen an «email» oder Telefon «phone-de».",
    ),
    ("de", "Ich heiße «name» und wohne in der «address-de»."),
    ("de", "Herr «name», geboren am «birth-date-de», Steuer-ID «id-de», hat gekündigt."),
    ("de", "Der Kunde «full-name» (E-Mail «email») reklamiert die Lieferung."),
    ("de", "Vorname: «given»\nNachname: «family»\nGeburtsdatum: «birth-date-de»\n"),
    # -- French, Spanish, Italian, Dutch, Portuguese, Polish --
    ("fr", "Bonjour Madame «name»,\nvotre dossier est complet. Écrivez à «email» ou appelez le «phone-fr»."),
    ("fr", "Je m'appelle «name», j'habite «address-fr», né le «birth-date-de»."),
    ("fr", "Numéro de sécurité sociale «id-fr», IBAN «iban»."),
    ("es", "Me llamo «name», mi DNI es «id-es» y mi correo «email»."),
    ("es", "Estimada «given»,\nsu pago con la tarjeta «card» fue rechazado; teléfono «phone»."),
    ("it", "Mi chiamo «name», codice fiscale «id-it», IBAN «iban»."),
    ("it", "Gentile «given»,\nla sua richiesta da «email» è stata accolta."),
    ("nl", "Mijn naam is «name», BSN «id-nl», bereikbaar op «phone» of «email»."),
    ("pt", "Meu nome é «name», CPF «id-br», e-mail «email»."),
    ("pl", "PESEL «id-pl», adres e-mail «email», konto «iban»."),
    ("sv", "Personnummer «id-se», e-post «email»"),
    # -- secrets in code, settings, logs, prose, answers of tools --
    ("code", 'client = Client(api_key="«secret-openai»")'),
    ("code", "export GITHUB_TOKEN=«secret-github»\ngit push"),
    ("code", "DATABASE_URL=postgresql://app:«secret-password»@db.internal:5432/orders"),
    ("code", "aws_access_key_id = «secret-aws»"),
    ("code", "- name: STRIPE_KEY\n  value: «secret-stripe»\n"),
    ("code", 'password = "«secret-password»"\nretries = 3'),
    ("code", "curl -H 'Authorization: Bearer «secret-jwt»' https://api.example.com/v1/orders"),
    ("code", "the slack token is «secret-slack», please rotate it"),
    ("code", '{"role": "tool", "content": "OK\\nSECRET_KEY=«secret-random»\\nDEBUG=false"}'),
    ("code", "npm config set //registry.npmjs.org/:_authToken «secret-npm»"),
    ("code", "GOOGLE_API_KEY=«secret-google»"),
    ("code", "HF_TOKEN: «secret-hf»"),
    ("code", 'log.info("token %s", "«secret-gitlab»")'),
    ("code", "kubectl create secret generic x --from-literal=data=«secret-encoded»"),
)

# Nothing is in these, though much looks like it.
NOTHING: tuple[str, ...] = (
    "The quarterly report shows that revenue rose by 12.5 % to 1,234,567.89 EUR in 2025.",
    "def total(orders):\n    return sum(order.amount for order in orders if order.status == 'paid')\n",
    "Install with pip install requests==2.31.0 and run pytest -n 4; 100 passed in 12.34s.",
    "commit 5d41402abc4b2a76b9719d911017c592aabbccdd\nMerge branch 'main' of git.example.com:team/app",
    "std::vector<int> v = {1, 2, 3}; // see Dead::Beef, 0xDEADBEEF, and RFC 9110 section 15.5",
    "The meeting is on Monday at 10:30 in room 4.12; bring the Project Plan and the Risk Register.",
    "SELECT id, status FROM orders WHERE created > '2026-01-01' AND total > 100 ORDER BY id LIMIT 50;",
    "password = os.environ['PASSWORD']  # from the vault, never from here",
    "token: string;\nsecret: Secret | None = None\napi_key=${API_KEY}\n",
    "uuid 123e4567-e89b-12d3-a456-426614174000, version 10.2.30.4 of the server at 127.0.0.1",
    "Die Rechnung ist bis Ende März zu begleichen; danach fallen Gebühren von 5 Prozent an.",
    "Le rapport annuel présente les résultats du premier trimestre et les perspectives pour 2027.",
    "La factura se enviará antes de fin de mes; el plazo de pago es de treinta días.",
    "https://docs.example.com/en/latest/reference/settings.html#section-4 explains each key.",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 is the image's digest.",
    "The Big Apple, The Great Wall and The Golden Gate are sights; Total Revenue Report is a document.",
    '{"type": "object", "properties": {"order_id": {"type": "string"}, "amount": {"type": "number"}}}',
    "Chapter 12, Section 3: how the parser reads a statement, and what it makes of a comment.",
    "icon@2x.png and logo@3x.png are in assets/images/, the font is Inter 4.0.",
    "Error: ENOENT: no such file or directory, open '/var/log/app/2026-03-01.log'",
)
_GIVEN = ("Anna", "Ben", "Carla", "David", "Elena", "Farid", "Greta", "Hassan", "Ines", "Jonas", "Katarzyna", "Liam",
          "Mei", "Noah", "Olga", "Pablo", "Rosa", "Sven", "Tomasz", "Yusuf")  # fmt: skip
_FAMILY = ("Okafor", "Lindqvist", "Moreau", "Schneider", "Rossi", "van Dijk", "Kowalska", "Fernández", "O'Neill",
           "Yamada", "Haddad", "Petrov", "Silva", "Jansen", "Müller", "Dubois", "Novak", "Papadakis")  # fmt: skip
_HOSTS = ("example.com", "mail.example.org", "firma.example.de", "post.example.co.uk", "exemple.fr")
_IBANS = {"DE": 18, "FR": 23, "NL": 14, "ES": 20, "IT": 23, "PL": 24, "GB": 18}
_LETTERS_DIGITS = string.ascii_letters + string.digits
_VALUE = re.compile("«([a-z-]+)»")
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# What a kind of template's value is called that has another name there.
_CALLED = {"full-name": "name", "given": "name", "family": "name", "passport": "document-id"}


def corpus(seed: int = 20260301, times: int = 8) -> Iterator[Labelled]:
    """Yield every template filled so many times, and every text in which nothing is."""
    draw = _Draw(random.Random(seed))
    for language, template in TEMPLATES:
        for _ in range(times):
            yield _filled(template, language, draw)
    for text in NOTHING:
        yield Labelled(text, "none", ())


def _filled(template: str, language: str, draw: "_Draw") -> Labelled:
    text, labels, place = "", [], 0
    for found in _VALUE.finditer(template):
        text += template[place : found.start()]
        value = draw.value(found[1])
        labels.append((len(text), len(text) + len(value), _kind_of(found[1])))
        text, place = text + value, found.end()
    return Labelled(text + template[place:], language, tuple(labels))


def _kind_of(name: str) -> str:
    first = name.partition("-")[0]
    return _CALLED.get(name) or {"id": "national-id", "birth": "birth-date"}.get(first, first)


class _Draw:
    """Draws values of each kind."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._of: Mapping[str, Callable[[], str]] = {
            "name": lambda: f"{self._one(_GIVEN)} {self._one(_FAMILY)}",
            "full-name": lambda: f"{self._one(_GIVEN)} {self._one(_FAMILY)}",
            "given": lambda: self._one(_GIVEN),
            "family": lambda: self._one(_FAMILY),
            "email": self._email,
            "phone": lambda: f"+{self._one(('49', '44', '33', '34', '39', '31'))} {self._digits(3)} {self._digits(7)}",
            "phone-plain": lambda: f"07{self._digits(9)}",
            "phone-de": lambda: f"0{self._dice.randint(20, 99)}{self._digits(1)}/{self._digits(7)}",
            "phone-fr": lambda: "06 " + " ".join(self._digits(2) for _ in range(4)),
            "ip": lambda: ".".join(str(self._dice.randint(11, 223)) for _ in range(4)),
            "mac": lambda: ":".join(f"{self._dice.randrange(256):02x}" for _ in range(6)),
            "birth-date": lambda: (
                f"{self._dice.randint(1940, 2005)}-{self._dice.randint(1, 12):02d}-{self._dice.randint(1, 28):02d}"
            ),
            "birth-date-de": lambda: (
                f"{self._dice.randint(1, 28):02d}.{self._dice.randint(1, 12):02d}.{self._dice.randint(1940, 2005)}"
            ),
            "address-en": lambda: (
                f"{self._dice.randint(1, 900)} {self._one(('Maple', 'Station', 'Mill'))} "
                f"{self._one(('Street', 'Road', 'Avenue'))}, {self._one(('Boston', 'Leeds', 'Dayton'))}"
            ),
            "address-de": lambda: (
                f"{self._one(('Gartenstraße', 'Lindenweg', 'Marktplatz', 'Schillerallee'))} "
                f"{self._dice.randint(1, 120)}, {self._dice.randint(10000, 99999)} {self._one(('Bremen', 'Ulm'))}"
            ),
            "address-fr": lambda: (
                f"{self._dice.randint(1, 90)} rue de la {self._one(('Gare', 'Paix', 'Fontaine'))}, "
                f"{self._dice.randint(10000, 95999)} {self._one(('Lyon', 'Nantes', 'Dijon'))}"
            ),
            "iban": self._iban,
            "card": self._card,
            "passport": lambda: f"C{self._digits(8)}",
            "account": lambda: f"{self._dice.randint(1, 9)}{self._digits(8)}",
            "id-us": lambda: (
                f"{self._dice.randint(1, 665):03d}-{self._dice.randint(1, 99):02d}-{self._dice.randint(1, 9999):04d}"
            ),
            "id-gb": self._nhs,
            "id-de": self._german,
            "id-fr": self._french,
            "id-es": self._spanish,
            "id-it": lambda: self._one(("RCCMNL83S18D969H", "MRTMTT25D09F205Z", "RSSMRA85T10A562S")),
            "id-nl": self._dutch,
            "id-br": self._brazilian,
            "id-pl": self._polish,
            "id-se": self._swedish,
            "secret-openai": lambda: f"sk-proj-{self._noise(48)}T3BlbkFJ{self._noise(48)}",
            "secret-github": self._github,
            "secret-password": lambda: f"{self._noise(5)}!{self._noise(6)}7k",
            "secret-aws": lambda: "AKIA" + "".join(self._dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16)),
            "secret-stripe": lambda: f"sk_live_{self._noise(32)}",
            "secret-jwt": self._jwt,
            "secret-slack": lambda: f"xoxb-{self._digits(12)}-{self._digits(12)}-{self._noise(24)}",
            "secret-random": lambda: self._noise(40),
            "secret-npm": lambda: f"npm_{self._checked(30)}",
            "secret-google": lambda: f"AIza{self._noise(35)}",
            "secret-hf": lambda: "hf_" + "".join(self._dice.choices(string.ascii_letters, k=34)),
            "secret-gitlab": lambda: f"glpat-{self._noise(20)}",
            "secret-encoded": lambda: base64.b64encode(f"token {self._github()} end".encode()).decode(),
        }

    def value(self, kind: str) -> str:
        """Return a value of a kind."""
        return self._of[kind]()

    def _one(self, some: tuple[str, ...]) -> str:
        return self._dice.choice(some)

    def _digits(self, count: int) -> str:
        return "".join(self._dice.choices(string.digits, k=count))

    def _noise(self, count: int) -> str:
        return "".join(self._dice.choices(_LETTERS_DIGITS, k=count))

    def _email(self) -> str:
        given, family = self._one(_GIVEN).lower(), self._one(("okafor", "moreau", "rossi", "silva", "novak"))
        return f"{given}{self._one(('.', '_', '-'))}{family}{self._dice.randint(1, 99)}@{self._one(_HOSTS)}"

    def _iban(self) -> str:
        country = self._dice.choice(sorted(_IBANS))
        length = _IBANS[country]
        body = self._digits(length) if country != "GB" else "NWBK" + self._digits(length - 4)
        numbers = "".join(str(int(sign, 36)) for sign in f"{body}{country}00")
        whole = f"{country}{98 - int(numbers) % 97:02d}{body}"
        return whole if self._dice.random() < 0.5 else " ".join(re.findall(".{1,4}", whole))

    def _card(self) -> str:
        body = self._one(("4", "51", "55")) + self._digits(14)
        body = body[:15]
        check = next(digit for digit in string.digits if _luhn(body + digit))
        whole = body + check
        return self._one((whole, " ".join(re.findall("....", whole)), "-".join(re.findall("....", whole))))

    def _nhs(self) -> str:
        while True:
            body = "9" + self._digits(8)
            check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
            if check != 10:
                whole = f"{body}{check % 11}"
                return f"{whole[:3]} {whole[3:6]} {whole[6:]}"

    def _german(self) -> str:
        while True:
            body = str(self._dice.randint(1, 9)) + self._digits(9)
            if len(set(body)) != 9:
                continue
            product = 10
            for digit in body:
                total = (int(digit) + product) % 10 or 10
                product = total * 2 % 11
            return f"{body}{(11 - product) % 10}"

    def _french(self) -> str:
        body = (
            f"{self._dice.randint(1, 2)}{self._dice.randint(40, 99)}{self._dice.randint(1, 12):02d}75{self._digits(6)}"
        )
        return f"{body}{97 - int(body) % 97:02d}"

    def _spanish(self) -> str:
        body = self._digits(8)
        return f"{body}{'TRWAGMYFPDXBNJZSQVHLCKE'[int(body) % 23]}"

    def _dutch(self) -> str:
        while True:
            body = self._digits(8)
            check = sum(int(digit) * (9 - place) for place, digit in enumerate(body)) % 11
            if check < 10:
                return f"{body}{check}"

    def _brazilian(self) -> str:
        body = self._digits(9)
        for _ in range(2):
            total = sum(int(digit) * (len(body) + 1 - place) for place, digit in enumerate(body))
            body += str(total * 10 % 11 % 10)
        return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"

    def _polish(self) -> str:
        body = f"{self._day()}{self._digits(4)}"
        total = sum(int(digit) * (1, 3, 7, 9)[place % 4] for place, digit in enumerate(body))
        return f"{body}{-total % 10}"

    def _swedish(self) -> str:
        body = f"{self._day()}{self._digits(3)}"
        check = next(digit for digit in string.digits if _luhn(body + digit))
        return f"{body[:6]}-{body[6:]}{check}"

    def _day(self) -> str:
        return f"{self._dice.randint(40, 99)}{self._dice.randint(1, 12):02d}{self._dice.randint(1, 28):02d}"

    def _checked(self, count: int) -> str:
        body = self._noise(count)
        number, digits = zlib.crc32(body.encode()), ""
        while number:
            number, digit = divmod(number, 62)
            digits = _BASE62[digit] + digits
        return body + digits.rjust(6, "0")

    def _github(self) -> str:
        return f"ghp_{self._checked(30)}"

    def _jwt(self) -> str:
        claims = base64.urlsafe_b64encode(f'{{"sub":"{self._noise(9)}","exp":18000000}}'.encode()).decode().rstrip("=")
        return f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.{self._noise(43)}"


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
