"""What of a dataset is one person's: found in texts, objects and documents, taken out of them, and searched for after.

Works on contents; must not know which store holds them, or how a date is run again.
"""
