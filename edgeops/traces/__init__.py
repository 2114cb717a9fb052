"""X-Ray traces: summaries stored each minute, documents fetched on demand. Sampled, so never shown as totals."""
