"""The face: pages over the store. Reads rows, enqueues through `tasks`, never waits for AWS."""
