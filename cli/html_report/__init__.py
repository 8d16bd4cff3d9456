"""The report on a range of dates as one HTML file that needs no network: facts, charts, page."""
