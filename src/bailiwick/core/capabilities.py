"""What code may do beyond computing: blocked for every app, and opened for one by somebody who may.

Each has the name of the rule that the review blocks it by. The sandbox keeps the same list: it starts no program, makes
no raw socket and writes nowhere else, unless (for programs) the app's release carries the capability.
"""

from enum import StrEnum


class Capability(StrEnum):
    """One of them, by the name of its rule."""

    PROCESS_SPAWNING = "process-spawning"
    DYNAMIC_CODE = "dynamic-code"
    RAW_SOCKETS = "raw-sockets"
    UNSAFE_DESERIALISATION = "unsafe-deserialisation"
    NATIVE_LOADING = "native-loading"
    WRITES_OUTSIDE = "writes-outside"


WORDS = {
    Capability.PROCESS_SPAWNING: "may start other programs",
    Capability.DYNAMIC_CODE: "may run code that it makes at run time",
    Capability.RAW_SOCKETS: "may build packets of its own",
    Capability.UNSAFE_DESERIALISATION: "may load data that runs code",
    Capability.NATIVE_LOADING: "may call native code",
    Capability.WRITES_OUTSIDE: "may write outside of its own folder",
}
