"""Deliberately broken things, one a module, and good ones beside them.

A module says which check finds it (``BREAKS``), and what the message (``SAYS``) and the
remedy (``MEND``) must hold; ``test_broken.py`` holds the kit to it.
"""
