"""Merchants' money movements from the Rutter API as Dagster assets."""
