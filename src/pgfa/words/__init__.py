"""What a body measurably does, and what a sentence says about it."""
