"""Chromium against the demo, as a newcomer sees it. A package, so that the demo ends with its last test."""
