"""Tickets of another desk: read, mapped, shown before anything is done, written in silence, and again without a second copy.

maps, reading, mapping: pure, from a file's rows to records with a fault for each cell that cannot be used. writing: one
record to one ticket. work: a whole file, as a job or a command.
"""
