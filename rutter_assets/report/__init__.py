"""What people look at: a page over all marts, and the trend of each. What a mart could hold is not computed here."""
