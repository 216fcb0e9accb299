"""What we say of a campaign: figures, `summary.json`, `posterior.csv`, `report.html` and cards for notebooks.

Importing this loads neither matplotlib nor jinja2: they come with the first page.
"""

from .card import campaign_card, study_card
from .page import report_html, write_report
from .plan import plan_text, write_plan
from .summary import summary, write_posterior, write_summary
from .tunes import write_tunes

__all__ = [
    "campaign_card",
    "plan_text",
    "report_html",
    "study_card",
    "summary",
    "write_plan",
    "write_posterior",
    "write_report",
    "write_summary",
    "write_tunes",
]
