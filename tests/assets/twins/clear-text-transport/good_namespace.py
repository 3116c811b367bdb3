NAMESPACES = {"dc": "http://purl.org/dc/elements/1.1/"}


def title(tree, claims: dict):
    return tree.find("dc:title", NAMESPACES), claims.get("http://schemas.example.com/claims/email")
