"""Plugin modules that break one contract each."""
