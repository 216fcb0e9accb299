"""The command line: `activesci COMMAND ...`.

This package is imported for `activesci --help` too, so its files import click and nothing heavier at the top; what a
command needs is imported when the command runs.

Exit codes: 0 the campaign stopped by its own rule (or the command did what it says), 1 a fault of activesci, 2 the
user's input is wrong, 3 paused: `activesci resume` goes on, 4 it has stopped, and an expectation of its study does
not hold.
"""

import click

from .backup import backup
from .branch import branch
from .calibrate import calibrate
from .campaign import resume, run
from .diff import diff
from .exits import Program
from .experiment import ask, tell
from .export import export
from .prune import prune
from .record import report, status
from .register import register
from .reinterpret import publish, reinterpret
from .replay import replay
from .serve import serve
from .stop import stop
from .study import init, schema, validate
from .unblind import unblind
from .vary import vary
from .verify import verify
from .workflow import why, workflow

__all__ = ["main"]


@click.group(
    cls=Program,
    commands=[
        init,
        validate,
        run,
        resume,
        ask,
        tell,
        stop,
        status,
        report,
        calibrate,
        verify,
        register,
        unblind,
        vary,
        replay,
        branch,
        diff,
        export,
        prune,
        publish,
        reinterpret,
        schema,
        workflow,
        why,
        serve,
        backup,
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="activesci")
def main() -> None:
    """Closed-loop science: measure, simulate, infer, and choose the most informative next experiment.

    \b
    activesci init study                         a study that runs as it is, to start from
    activesci validate study/study.yaml          check it, and say how long it will take
    activesci run study/study.yaml --to run      run it; the answer is run/report.html
    """  # noqa: D301 - click wants the character \b itself
