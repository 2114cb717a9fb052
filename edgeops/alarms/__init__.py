"""Alarms: rules, their evaluation (pure), and the states they go through. Telling people is notifications' business."""
