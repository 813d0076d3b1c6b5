"""The lake: Parquet by UTC day, and a ledger that says what is covered. Nothing here knows of HTTP or Dagster."""
