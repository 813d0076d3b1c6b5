"""From connections and windows to day tables: what to read, how fast, whose trouble is whose. Nothing of Dagster."""
