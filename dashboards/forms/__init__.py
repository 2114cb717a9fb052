"""What people type: parsed, and refused in the domain's own words beside the field they are about."""
