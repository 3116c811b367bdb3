"""Refund desk."""
