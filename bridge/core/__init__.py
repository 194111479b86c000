"""The pure core: what a paper is, who may change what, and how three states of it become a plan.

Nothing here knows a clock, a disk, a network or a database, and nothing outside the standard library is imported;
``tests/unit/test_layers.py`` reads the imports and fails where that is broken.
"""
