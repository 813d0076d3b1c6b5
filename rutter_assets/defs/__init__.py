"""Dagster, and only here: what runs when, and what is shown of it. The work is done in `ingest`, `lake`, `marts`."""
