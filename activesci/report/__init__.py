"""What we say of a campaign: figures, `summary.json`, `posterior.csv`, `report.html` and cards for notebooks.

Importing this loads neither matplotlib nor jinja2: they come with the first page.
"""

from .page import report_html, write_report
from .summary import summary, write_posterior, write_summary

__all__ = ["report_html", "summary", "write_posterior", "write_report", "write_summary"]
