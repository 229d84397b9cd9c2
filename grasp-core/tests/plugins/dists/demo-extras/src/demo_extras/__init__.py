"""Has tasks that need an extra, or something else that is not here."""
