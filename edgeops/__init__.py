"""EdgeOps: operate an API behind Amazon CloudFront. The domain lives in the packages below, one per noun."""
