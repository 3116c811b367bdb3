"""Gateways: the only ways from an app to anything."""
