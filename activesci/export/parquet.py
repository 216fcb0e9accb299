"""Tables as Parquet."""

from pathlib import Path

from .base import Run, needed, new_folder
from .tables import tables


def write(run: Run, to: Path) -> Path:
    """Write a file a table into a new folder.

    Raises:
        CampaignError: If pyarrow is not installed.
    """
    arrow, parquet = needed("pyarrow", "parquet"), needed("pyarrow.parquet", "parquet")
    folder, about = new_folder(to), {"study": run.study.study, "study_digest": run.history.study_digest}
    for name, table in tables(run).items():
        made = arrow.table(table).replace_schema_metadata(about)
        parquet.write_table(made, folder / f"{name}.parquet")
    return folder
