"""Commands of the command line that outgrew `cli/main.py`: plain functions, imported there, rooms only inside them."""
