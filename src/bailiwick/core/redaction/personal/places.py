"""Where people live: addresses as they are written in several countries, from the street to the postcode."""

_UP = r"(?:[A-Z]|\xc3[\x80-\x9e])"
_WORD = rf"{_UP}[\w.'\x80-\xff-]*"
_ENGLISH = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Terrace|Ter|Way|Highway"
    r"|Hwy|Parkway|Pkwy|Circle|Cir|Close|Crescent|Cres|Gardens|Grove|Mews|Row|Walk|Trail|Trl|Loop|Plaza|Alley|Route|Rte"
    r"|Turnpike|Pike|Run|Ridge|Crossing|Bend|Cove|Hill|Heights|Park|Green|Wharf|Quay|Path|Pass|Point|Broadway)"
)
_UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|Rm|Bldg|Building|#)\.?\s?#?[\w-]{1,8})?"
_CITY = rf"{_UP}[a-z\x80-\xff'-]+"
_STATE = rf"(?:,\s{_CITY}(?:\s{_CITY}){{0,2}})?(?:,?\s[A-Z]{{2}}\b)?(?:,?\s\d{{5}}(?:-\d{{4}})?)?"
_POSTCODE = r"(?:,?\s[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})?"
_ZIP_CITY = rf"(?:,?\s(?:[A-Z]{{1,2}}-)?\d{{4,5}}\s{_CITY}(?:\s{_CITY})?)?"

ADDRESSES: tuple[str, ...] = (
    rf"\b(\d{{1,6}}[A-Za-z]?,?\s(?:[NSEW]{{1,2}}\.?\s)?(?:{_WORD}\s|\d{{1,3}}(?:st|nd|rd|th)\s){{1,4}}{_ENGLISH}\b\.?"
    rf"(?:\s[NSEW]{{1,2}}\b\.?)?{_UNIT}{_STATE}{_POSTCODE})",
    r"\b((?i:P\.?\s?O\.?\s?Box)\s\d{1,6})\b",
    rf"\b({_UP}[\w\x80-\xff-]{{2,30}}(?:stra(?:\xc3\x9f|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|stieg)"
    rf"\s\d{{1,4}}\s?[a-z]?\b{_ZIP_CITY})",
    rf"\b({_WORD}(?:er|-)\s?(?:Stra(?:\xc3\x9f|ss)e|Str\.|Weg|Platz|Allee|Ring|Damm)\s\d{{1,4}}\s?[a-z]?\b{_ZIP_CITY})",
    rf"\b(\d{{1,4}}(?:\s(?:bis|ter))?,?\s(?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|all(?:\xc3\xa9|e)e|quai|cours"
    rf"|route|square)\s(?:(?:de|du|des|la|le|les|d'|l'|de\sla|de\sl')\s?){{0,2}}{_WORD}(?:[\s-]{_WORD}){{0,3}}{_ZIP_CITY})",
    rf"\b((?:Calle|C/|Avenida|Avda\.?|Plaza|Paseo|Carrer|Rua|Travessa)\s(?:(?:de|del|la|las|los|el|da|do|dos)\s){{0,2}}"
    rf"{_WORD}(?:\s{_WORD}){{0,3}},?\s(?:n\S{{1,2}}\s?)?\d{{1,4}}\b{_ZIP_CITY})",
    rf"\b((?:Via|Viale|Piazza|Corso|Largo|Vicolo)\s(?:(?:dei|del|della|delle|di|degli)\s){{0,1}}{_WORD}(?:\s{_WORD}){{0,3}},?"
    rf"\s\d{{1,4}}\b{_ZIP_CITY})",
    rf"\b({_UP}[\w-]{{2,30}}(?:straat|laan|weg|plein|gracht|kade|dijk|singel)\s\d{{1,4}}\s?[a-zA-Z]?\b"
    rf"(?:,?\s\d{{4}}\s?[A-Z]{{2}}\b)?(?:\s{_WORD})?)",
    r"(?i)\b(?:zip(?:[ _-]?code)?|post(?:al)?[ _-]?code|plz|code postal)\b[\"']?\s?[:=]\s?[\"']?"
    r"([A-Z\d][A-Z\d -]{2,8}[A-Z\d])\b",
)
