"""The platform's own upgrades: pulled by the operator, signed, tried before they count, taken back."""

from bailiwick.control.upgrades.applying import Plant, apply, backup_of, go_back, read_journal, resume
from bailiwick.control.upgrades.bundle import read_release
from bailiwick.control.upgrades.bundling import write_bundle
from bailiwick.control.upgrades.channel import ChannelReader
from bailiwick.control.upgrades.errors import (
    NotConfiguredError,
    ReleaseRefusedError,
    UpgradeBusyError,
    UpgradeFailedError,
)
from bailiwick.control.upgrades.making import release_of
from bailiwick.control.upgrades.model import Change, Channel, Journal, Offer, Release, Step
from bailiwick.control.upgrades.trust import Trust, require_current, require_newer

__all__ = [
    "Change",
    "Channel",
    "ChannelReader",
    "Journal",
    "NotConfiguredError",
    "Offer",
    "Plant",
    "Release",
    "ReleaseRefusedError",
    "Step",
    "Trust",
    "UpgradeBusyError",
    "UpgradeFailedError",
    "apply",
    "backup_of",
    "go_back",
    "read_journal",
    "read_release",
    "release_of",
    "require_current",
    "require_newer",
    "resume",
    "write_bundle",
]
