"""Events of every kind on one lane. An event names its subject by (kind, id) text, without a foreign key."""
