import jwt


def signature_of(image, key):
    """`verify` here is about a picture of a signature."""
    return image.compare(key, verify=False)
