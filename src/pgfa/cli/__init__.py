"""The command line, by topic: data, training, use, benchmark, demo.

Commands are plain functions; `main` gathers them. Their packages are imported inside them, so that ``pgfa --help``
answers at once.
"""
