"""Uploads and downloads of artifacts."""
