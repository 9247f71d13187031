"""Commands of the command line that outgrew `cli.py`: plain functions, imported there, rooms only inside them."""
