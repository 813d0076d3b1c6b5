"""The sandbox against its own claims, over real HTTP."""
