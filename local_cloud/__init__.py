"""The embedded AWS: an emulator on loopback with what it lacks filled in; the deployed pipeline runs whole on it.

Runs in an environment of its own (`requirements.txt` beside this file). Nothing that is deployed may know of it.
"""
