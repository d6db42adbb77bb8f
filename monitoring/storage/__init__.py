"""How results are kept: rolled up, in partitions by day, and not for ever."""
