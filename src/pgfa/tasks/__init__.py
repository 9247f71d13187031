"""Independent tasks, run by processes of this machine (`pool`) or by a Ray cluster (`cluster`)."""
