"""Index notes: what a library's papers look like by topic, by week, as a reading list, as a log.

A pure room: papers and configuration in, text out, the same on every machine (no clock, no disk). It knows ``core``
only; text is put into the vault, and papers taken out of the state, by others.
"""
