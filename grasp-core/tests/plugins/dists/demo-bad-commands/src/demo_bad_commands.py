"""Has commands that can't be used."""

not_click = "text"
