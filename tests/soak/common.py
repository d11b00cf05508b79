"""What the long runs share: the way to the parts of tests/integration/support, and a verdict line by line. Used
by the programs of this folder; starts nothing by itself."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))


class Verdict:
    """Prints each figure beside what is wanted of it and remembers whether all were met."""

    def __init__(self):
        self.met = True

    def line(self, words, met):
        print(f"{'ok  ' if met else 'MISS'}  {words}", flush=True)
        self.met = self.met and met

    def exit_code(self):
        return 0 if self.met else 1
