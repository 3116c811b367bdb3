"""Governance control plane and runtime for AI-built apps."""
