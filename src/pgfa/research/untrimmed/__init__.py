"""How answers over time do on untrimmed recordings of people and data sets that were left out."""
