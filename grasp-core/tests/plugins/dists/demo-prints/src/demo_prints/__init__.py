"""Greets on stdout whenever anything of it is imported."""
