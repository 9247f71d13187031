"""Evidence: what was measured, by which version, on which data, and the tables of the documents made from it."""
