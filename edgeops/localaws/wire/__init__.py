"""AWS's wire protocols, told from botocore's own service models; knows no service by heart."""
