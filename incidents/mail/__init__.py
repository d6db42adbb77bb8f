"""Mail that comes in. `posting.receive` is the one function all doors call; the other modules are its parts.

letter, headers, bodies, folding, bounces: pure, bytes to facts. whither: where a letter belongs. posting: keep, then act.
"""
