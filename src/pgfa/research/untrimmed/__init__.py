"""Accuracy of answers over time on untrimmed recordings of data sets that were left out of training."""
