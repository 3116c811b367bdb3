"""What a grant opens of an MCP server, in words, and whether one opens all that another does."""

from bailiwick.core.grants import AskingGrant, PromptGrant, ResourceGrant, ServedGrant, ToolGrant

_ASKED = {
    "sampling": "for answers of a model",
    "elicitation": "for what a person says",
    "roots": "which folders there are",
}
_SHOWN_OF_A_DIGEST = 12


def served_words(resource: str, served: ServedGrant) -> str:
    """Return what a grant opens of an MCP server, as a line, without how fields are masked."""
    match served:
        case ToolGrant():
            limits = [_arguments(served.arguments), *(rule.words for rule in served.rules)]
            version = f"as of {served.digest[:_SHOWN_OF_A_DIGEST]}"
            return "; ".join([f"{resource}: calls the tool {served.tool}, {version}", *filter(None, limits)])
        case ResourceGrant():
            return f"{resource}: reads {served.resource}"
        case PromptGrant():
            return "; ".join(
                filter(None, [f"{resource}: gets the prompt {served.prompt}", _arguments(served.arguments)])
            )
        case AskingGrant():
            return f"{resource}: asks the app {' and '.join(_ASKED[what] for what in sorted(served.server_asks))}"


def opens_all(was: ServedGrant, now: ServedGrant) -> bool:
    """Return whether a grant of before opens all that one of now does."""
    match (was, now):
        case (ToolGrant(), ToolGrant()):
            return (
                (was.tool, was.digest) == (now.tool, now.digest)
                and _within(now.arguments, was.arguments)
                and set(was.rules) <= set(now.rules)
                and set(was.fields) <= set(now.fields)
            )
        case (PromptGrant(), PromptGrant()):
            return was.prompt == now.prompt and _within(now.arguments, was.arguments)
        case (AskingGrant(), AskingGrant()):
            return now.server_asks <= was.server_asks
        case _:
            return was == now


def _arguments(names: tuple[str, ...] | None) -> str:
    if names is None:
        return ""
    return f"arguments: only {', '.join(names)}" if names else "no arguments"


def _within(now: tuple[str, ...] | None, was: tuple[str, ...] | None) -> bool:
    return was is None or (now is not None and set(now) <= set(was))
