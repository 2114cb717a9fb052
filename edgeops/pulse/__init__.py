"""Who watches the watcher: a stamp of the last time each stage of the work went well."""
