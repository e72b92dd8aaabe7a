"""Measures what Senim does against what the same machine could do at best: ``make bench``.

Every figure is taken several times, in turns with its limit, so that both see the same machine; the median is told
with the lowest and the highest. A full run writes docs/performance.md; nothing here is a test.
"""
