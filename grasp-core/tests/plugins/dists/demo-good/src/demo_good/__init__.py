"""Everything a plugin can offer, done right."""
