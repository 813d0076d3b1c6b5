"""The marts: transactions → figures by UTC day, one SQL file each. Nothing here knows of HTTP or Dagster."""
