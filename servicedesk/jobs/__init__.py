"""Long work: a row a job, done in slices by workers, by the engine where there are none, and shown while it runs."""
