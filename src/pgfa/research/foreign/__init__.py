"""Leave one data set out: how a recogniser does on recordings of others (docs/foreign-sets.md)."""
