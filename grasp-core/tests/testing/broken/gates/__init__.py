"""Gates that break one contract each; ``Broken`` makes it."""
