"""A second implementation of docs/SPEC.md, made from its text and the Python package `cryptography` alone; it shares no code with the program.

The vectors are written with it, and Tests/EndToEnd/peer reads with it what the program wrote.
"""
