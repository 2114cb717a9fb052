"""CloudWatch metrics: which there are, when each is polled, how datapoints are stored and read. Missing is never 0."""
