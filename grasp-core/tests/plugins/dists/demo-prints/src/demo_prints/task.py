"""Greets when its task is used."""

print("demo-prints greets at first use")

from demo_good.words import Words as Chatty  # noqa: E402, F401
