"""What a campaign leaves in its folder and shows in a notebook."""

from pathlib import Path
from typing import Any

from activesci.ledger import Ledger
from activesci.loop.expecting import expect
from activesci.loop.steps import Steps


class Writing(Steps):
    """A campaign as others read it: summary, samples, report, board and card."""

    def summary(self) -> dict[str, Any]:
        """Return the contents of `summary.json`."""
        from activesci.report import summary

        return summary(self.study, self._journal.whole())

    def report(self) -> Path:
        """Write `report.html` and return its path."""
        from activesci.report import write_report

        with Ledger.read_only(self.folder) as ledger:  # as anybody reads it
            return write_report(self.study, ledger, self._journal.whole(), self.folder)

    def watch(self) -> None:
        """Show the campaign while it runs: a board that is drawn anew in a notebook, a line an event elsewhere.

        The board has the stage of the loop, what is believed, where it pays to look, what was measured, and the
        experiment graph. Call it before `run()`, or before the round by round loop; drawing takes about a second a
        round. It shows the campaign as it is already where that is resumed.
        """
        from activesci.report.board import Board
        from activesci.report.watch import Both, watching

        if self._watched is None:
            self._watched = self._journal.observer
        board = Board(self.study, self.folder)
        self._journal.observer = Both(self._watched, watching(board, lambda: self.history))

    def write(self) -> None:
        """Write `summary.json`, `posterior.csv` and `report.html`; of a stopped campaign, check its expectations."""
        self._write_files()
        if expect(self.study, self._journal, self.folder):
            self._write_files()

    def _write_files(self) -> None:
        from activesci.report import write_posterior, write_summary, write_tunes

        self._journal.ledger.require_charge()  # or what a later writer has written would be replaced by what was
        history = self._journal.whole()
        write_summary(self.study, history, self.folder)
        write_tunes(self.study, history, self.folder)
        if self._memory.belief() is not None:
            write_posterior(self.study, self.posterior.theta, self.folder)
        self.report()

    def _repr_html_(self) -> str:
        """Return the card that a notebook shows."""
        from activesci.report import campaign_card

        return campaign_card(self.study, self._journal.whole())
