"""Template tags of the frame, and how times and numbers are written."""
