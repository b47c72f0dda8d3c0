"""Bytes to words, features and lines."""
