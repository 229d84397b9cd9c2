"""Reports for people: progress while a run goes on, tables when it is done."""
