"""What a monitor wants to know, in Prometheus's text format."""

from collections import Counter

from .house import House


def metrics_text(house: House) -> str:
    """Return every metric: how many campaigns, workers, answers, jobs and failures there are."""
    counts = house.workers.counts()
    campaigns = Counter(row.status for row in house.reader.rows())
    answers = {one["state"]: one["n"] for one in house.desk.rows(_counted("answers"))}
    jobs = {one["state"]: one["n"] for one in house.desk.rows(_counted("jobs"))}
    wishes = Counter(wish.state for wish in house.workers.wishes.listed())
    house.catalogue.settle()
    requests = {one["state"]: one["n"] for one in house.desk.rows(_counted("requests"))}
    lines = [
        *_metric("campaigns", "gauge", "Campaigns in the store by the status of their ledger.", "status", campaigns),
        *_metric("wished", "gauge", "Campaigns that were started here, by what is wished of them.", "state", wishes),
        *_metric("workers", "gauge", "Worker processes, and campaigns in the queue.", "state", counts),
        *_metric("answers_total", "counter", "Answers of instruments by what became of them.", "state", answers),
        *_metric("jobs", "gauge", "Jobs by their state.", "state", jobs),
        *_metric("requests", "gauge", "Requests to published analyses by their state.", "state", requests),
        "# HELP activesci_workers_started_total Worker processes started since the service began.",
        "# TYPE activesci_workers_started_total counter",
        f"activesci_workers_started_total {house.workers.started}",
        "# HELP activesci_workers_limit Worker processes at a time, at most.",
        "# TYPE activesci_workers_limit gauge",
        f"activesci_workers_limit {house.workers.limit}",
    ]
    return "\n".join(lines) + "\n"


def _counted(table: str) -> str:
    return f"SELECT state, count(*) AS n FROM {table} GROUP BY state"  # a name of ours


def _metric(name: str, kind: str, help_: str, label: str, values: dict[str, int]) -> list[str]:
    """Return a metric's lines; its labels are words of ours, with nothing to escape."""
    head = [f"# HELP activesci_{name} {help_}", f"# TYPE activesci_{name} {kind}"]
    return head + [f'activesci_{name}{{{label}="{key}"}} {value}' for key, value in sorted(values.items())]
