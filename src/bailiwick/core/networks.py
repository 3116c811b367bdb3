"""Whether networks are separate: what a round of attempts comes to, for planes that judge themselves and for people."""

from dataclasses import dataclass
from enum import StrEnum

from bailiwick.core.messages.networks import NetworksReport, NetworkTry


class Parting(StrEnum):
    """How a plane's network stands to the others."""

    SEPARATE = "separate"
    SHARED = "not separated"
    OPEN = "open"
    UNPROVED = "not proved"


@dataclass(frozen=True, slots=True)
class Parted:
    """What a round comes to: whether the plane may be ready, and what is in the way, with what to do, line by line."""

    parting: Parting
    faults: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether a plane may serve so."""
        return self.parting in {Parting.SEPARATE, Parting.SHARED}


def judge(report: NetworksReport) -> Parted:
    """Return what a round comes to. A sandbox that reaches anything is never right, whatever networks are to be."""
    ways = [item for item in report.tries if item.reached == "open" and _counts(item, report)]
    if ways:
        return Parted(Parting.OPEN, tuple(_way(item) for item in ways))
    unknown = [item for item in report.tries if item.reached == "untried" and _counts(item, report)]
    faults = (*(f"{item.source} to {item.what}: {item.words}" for item in unknown), *map(_unsaid, report.untold))
    if faults and (report.separate or unknown):
        return Parted(Parting.UNPROVED, faults)
    return Parted(Parting.SEPARATE if report.separate else Parting.SHARED)


def _counts(item: NetworkTry, report: NetworksReport) -> bool:
    return report.separate or item.source == "sandbox"


def _way(item: NetworkTry) -> str:
    if item.source == "sandbox":
        return (
            f"a sandbox reaches {item.what} at {item.address}, past its gateways: the isolation of this host does not"
            " hold; run bailiwick pentest there and start no apps"
        )
    if item.used_here:
        return (
            f"the {item.source} reaches {item.what} at {item.address}, because it is told to use that address itself:"
            " give it a server of its own"
        )
    return (
        f"the {item.source} reaches {item.what} at {item.address}: close that way in the firewall between the two"
        " networks; it is tried again by itself"
    )


def _unsaid(what: str) -> str:
    return f"nobody said where {what} listens: name its addresses in the settings of the control plane"
