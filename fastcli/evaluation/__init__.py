"""Metrics, and running any classifier over blocks of text."""
