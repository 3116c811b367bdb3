"""Faces: translate a protocol into calls on the control plane; no decisions of their own."""
