"""The Rutter API: HTTP in, typed values out. Nothing here knows of files, days or Dagster."""
