"""Letters that look like ASCII ones (Unicode Technical Standard 39, section 4), and what they look like."""

import unicodedata

_PAIRS = (
    # Cyrillic
    "аaсcеeһhіiјjѕsоoрpԛqԝwхxуyүyѵvԁdӏlкkгrьbАAВBСCЕEНHІIЈJКKМMОOРPЅSТTУYХXҮYԚQԜWѴVӀl"
    # Greek
    "οoΟOαaΑAΒBΕEΖZΗHΙIιiΚKκkΜMΝNνvΡPρpΤTυuΥYΧXγyϲcϹCϳjσoϜF"
    # Armenian
    "օoսuհhցgզqոnյjռnՕOՏSՍU"
    # Cherokee
    "ᎪAᏴBᏟCᎠDᎬEᏀGᎻHᎫJᏦKᏞLᎷMᏢPᏚSᎢTᏙVᎳWᏃZ"
    # Lisu
    "ꓮAꓐBꓚCꓓDꓰEꓝFꓖGꓧHꓲIꓙJꓗKꓡLꓟMꓠNꓳOꓑPꓣRꓢSꓔTꓴUꓦVꓪWꓫXꓬYꓜZ"
    # Coptic, Georgian, and rare Latin
    "ⲟoⲥcⲣpⲞOჿoɑaɡgǃ!"
)
LOOKALIKES = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
# Letters of Greek stand in formulas beside Latin ones; only these have no such use.
FORMULA_LETTERS = frozenset("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ")
_TABLE = str.maketrans(LOOKALIKES)


def skeleton(word: str) -> str:
    """Return a word as it looks: its letters of other alphabets as the ASCII letters that they look like."""
    return unicodedata.normalize("NFKC", word).translate(_TABLE)
