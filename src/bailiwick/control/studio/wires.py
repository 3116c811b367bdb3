"""The wires that the studio speaks, by the family of a model; nothing is translated from one to the other."""

from collections.abc import Mapping

from bailiwick.control.studio.chat_wire import ChatWire
from bailiwick.control.studio.messages_wire import MessagesWire
from bailiwick.control.studio.wire import Wire

WIRES: Mapping[str, Wire] = {"openai": ChatWire(), "anthropic": MessagesWire()}
