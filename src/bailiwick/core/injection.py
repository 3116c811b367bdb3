"""Signs of injection: what a text that a tool or a search brought says as if it were instructions to a model.

Signs are no proof, and their absence is none: a text about prompt injection has them, and one that is put in other
words has not. They are flagged, and policy says what a conversation that has them may still do.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from threading import Lock

from bailiwick.core.redaction.look_alikes import as_it_looks, has_odd_signs
from bailiwick.core.redaction.sieve import NearSieve

_OF = r"(?:[\w'-]+\W{1,3}){0,6}?"
# Each sign by the ways to write it; texts are in small letters, with look-alikes written as what they look like.
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "sets-instructions-aside": (
        rf"\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\W{{1,3}}{_OF}"
        r"(?:previous|prior|above|earlier|preceding|existing|original|system|your|all|any)\W{1,3}"
        rf"{_OF}(?:instructions?|prompts?|rules|guidelines|directions|directives|commands|constraints|polic(?:y|ies))\b",
        rf"\b(?:ignoriere?n?|vergiss|vergessen|missachte)\W{{1,3}}{_OF}(?:anweisung|instruktion|regeln|vorgaben)",
        rf"\b(?:ignore[zr]?|oublie[zr]?|ne tiens pas compte)\W{{1,3}}{_OF}(?:instructions|consignes|r.{{1,2}}gles)",
        rf"\b(?:ignora|olvida|descarta|ignore|olvide)\W{{1,3}}{_OF}(?:instrucciones|reglas|.{{1,2}}rdenes)",
        rf"\b(?:ignora|dimentica)\W{{1,3}}{_OF}(?:istruzioni|regole)",
        rf"\b(?:ignore|esque.{{1,2}}a|desconsidere)\W{{1,3}}{_OF}(?:instru.{{1,6}}es|regras)",
        rf"\b(?:negeer|vergeet)\W{{1,3}}{_OF}(?:instructies|regels)",
        rf"\b(?:zignoruj|zapomnij)\W{{1,3}}{_OF}(?:instrukcj|polece|zasad)",
        "(?:忽略|无视|無視).{0,40}(?:指令|指示|说明|提示|規則|规则)",
        "(?:指示|命令|ルール).{0,20}(?:無視)",
    ),
    "gives-a-role": (
        r"\byou are (?:now|no longer) (?:an? |in |the |bound |restricted )",
        r"\bfrom now on,? you (?:are|will|must|should)\b",
        r"\b(?:enter|enable|activate|switch to) (?:developer|debug|god|admin|jailbreak|unrestricted|dan) mode\b",
        r"\b(?:pretend|act as if|roleplay) (?:that )?you (?:are|have) (?:no|an? unrestricted|not bound)\b",
    ),
    "speaks-as-the-system": (
        r"<\|(?:im_start|start_header_id|system|begin_of_text|endoftext|im_end|eot_id)\|>",
        r"\[/?inst\]|<</?sys>>|</?(?:system|system_prompt|system-reminder|developer|admin_instructions?)>",
        r"(?:^|\n)\W{0,6}(?:system|developer|administrator)"
        r"(?: (?:message|prompt|notice|override|instructions?))?\W{0,3}:\s{1,3}\S",
        r"\b(?:new|updated|revised|real|actual) (?:system )?(?:instructions?|prompt|task)\W{0,3}:",
        r"\b(?:end|beginning) of (?:the )?(?:tool|function|search|document|user|system)[ _]"
        r"(?:output|results?|input|prompt)",
    ),
    "hides-from-the-person": (
        r"\b(?:do not|don.?t|never|without) (?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?|reveal(?:ing)?"
        r"|notify(?:ing)?|alert(?:ing)?|show(?:ing)?|ask(?:ing)?|warn(?:ing)?|disclos(?:e|ing))\W{1,3}"
        rf"{_OF}(?:user|human|person|operator|owner|anyone|victim)\b",
        r"\b(?:keep|do) (?:this|it) (?:secret|hidden|silently|quietly) from (?:the )?(?:user|human|owner)",
    ),
    "asks-for-what-is-secret": (
        r"\b(?:send|post|upload|exfiltrate|forward|e-?mail|leak|transmit|append|copy|paste|submit|output|print|reveal)\W{1,3}"
        rf"{_OF}(?:api[ _-]?keys?|credentials|passwords?|access tokens?|secrets|environment variables|private keys?"
        r"|ssh[ _-]keys?|system prompt|\.env\b|id_rsa|cookies|session tokens?|chat history|conversation history)",
    ),
    "speaks-to-the-model": (
        r"\b(?:note|message|notice|instructions?|attention|important|reminder|warning)\W{1,4}(?:to|for)\W{1,3}"
        r"(?:(?:the|any|all|every)\W{1,3})?(?:ai|llms?|language models?|assistants?|agents?|chatbots?|copilot"
        r"|claude|gpt)\b",
        r"\bif you are an? (?:ai|llm|large language model|language model|ai assistant|ai agent|automated)\b",
        r"\bas an? (?:ai|ai assistant|ai agent|language model),? you (?:must|should|are required|have to)\b",
    ),
    "asks-for-a-tool": (
        r"\b(?:you must|please|now|immediately|next|then|first|silently)\W{1,3}(?:call|use|invoke|run|execute|trigger)"
        r"\W{1,3}(?:the\W{1,3})?[\w.:/-]{2,60}\W{1,3}(?:tool|function|command|api|mcp server)\b",
        r"<(?:tool_call|function_calls?|invoke|antml:invoke)\b",
    ),
}
# Words with which some sign begins or ends, and how far around them it may reach (bytes).
_HINTS = (
    "ignor|disregard|forget|overrid|override|bypass|do not follow|stop following|vergiss|vergessen|missachte|oublie"
    "|ne tiens pas compte|olvid|descarta|dimentica|esque|desconsider|negeer|vergeet|zapomnij",
    "忽略|无视|無視|指示|命令|ルール",
    "you are (?:now|no longer)|from now on|(?:developer|debug|god|admin|jailbreak|unrestricted|dan) mode|pretend"
    "|act as if|roleplay",
    r"<\|(?:im_|start|system|begin|end|eot)|\[/?inst\]|<</?sys|</?(?:system|developer|admin)",
    r"(?:system|developer|administrator)[a-z ]{0,20}\W{0,3}:",
    "(?:new|updated|revised|real|actual) (?:system )?(?:instruction|prompt|task)",
    "(?:end|beginning) of (?:the )?(?:tool|function|search|document|user|system)",
    "(?:do not|don.?t|never|without) (?:tell|inform|mention|reveal|notify|alert|show|ask|warn|disclos)",
    "(?:keep|do) (?:this|it) (?:secret|hidden|silently|quietly)",
    r"api[ _-]?key|credential|password|access token|secret|environment variable|private key|ssh[ _-]key|system prompt"
    r"|\.env\b|id_rsa|cookie|session token|chat history|conversation history",
    r"(?:note|message|notice|instructions?|attention|important|reminder|warning)\W{1,4}(?:to|for)\W",
    "(?:if you are|as) an? (?:ai|llm|large|language|automated)",
    r"(?:you must|please|now|immediately|next|then|first|silently)\W{1,3}(?:call|use|invoke|run|execute|trigger)",
    "<(?:tool_call|function_call|invoke|antml)",
)
_BEFORE, _AFTER = 160, 240
_HIDDEN = "hides-text"
# Tags that nobody sees (Unicode 16, section 23.9), and signs of no width in such numbers as no writing has.
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_NO_WIDTH = re.compile("[\u200b-\u200f\u2060-\u2064\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]{8,}")
_TURNS = re.compile("[\u202d\u202e]")
_TAGGED = 0xE0000
_MOST_KNOWN = 20_000


def signs_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of the signs that some texts have."""
    together = "\n\n".join(texts)
    if not together:
        return frozenset()
    written, found = together.encode(errors="surrogatepass"), set()
    if has_odd_signs(written):
        hidden = _TAGS.findall(together)
        if hidden or _NO_WIDTH.search(together) or _TURNS.search(together):
            found.add(_HIDDEN)
        looks = as_it_looks(together, written)
        seen = [looks[0] if looks is not None else together, *(_revealed(text) for text in hidden)]
        written = "\n\n".join(seen).encode(errors="surrogatepass")
    found |= {_names()[index] for index, _, _ in _sieve().matches(written.lower())}
    return frozenset(found)


class SignSearch:
    """Looks for signs in texts of conversations, which come whole with each turn: of what was looked through only as
    much is looked at again as a sign may reach back into. No text is kept, only digests.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, frozenset[str]] = {}
        # Large bodies are looked through in threads.
        self._turn = Lock()

    def of(self, texts: Sequence[str]) -> frozenset[str]:
        """Return the names of the signs that some texts have."""
        begun = list(_beginnings(texts))
        with self._turn:
            known = next((number for number in range(len(texts), 0, -1) if begun[number - 1] in self._known), 0)
            found = self._known[begun[known - 1]] if known else frozenset[str]()
        if known == len(texts):
            return found
        found |= signs_in(texts[_reached_back(texts, known) :])
        with self._turn:
            self._known[begun[-1]] = found
            while len(self._known) > _MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return found


def _beginnings(texts: Sequence[str]) -> Iterator[bytes]:
    """Yield for each text the digest of it and all before."""
    before = b""
    for text in texts:
        before = blake2b(text.encode(errors="surrogatepass"), digest_size=20, key=before).digest()
        yield before


def _reached_back(texts: Sequence[str], place: int) -> int:
    """Return the first text that a sign may begin in which ends behind a place."""
    left = _BEFORE + _AFTER
    while place > 0 and left > 0:
        place -= 1
        left -= len(texts[place])
    return place


def _revealed(hidden: str) -> str:
    """Return what tags say."""
    return "".join(chr(ord(sign) - _TAGGED) for sign in hidden)


@cache
def _names() -> tuple[str, ...]:
    return tuple(name for name, patterns in _SIGNS.items() for _ in patterns)


@cache
def _sieve() -> NearSieve:
    # Bytes of UTF-8, each of which patterns take for a letter.
    patterns = [pattern.encode().decode("latin-1") for patterns in _SIGNS.values() for pattern in patterns]
    return NearSieve(patterns, [hint.encode().decode("latin-1") for hint in _HINTS], _BEFORE, _AFTER)
