"""The files beside this one are no tests: each is a simulator with something wrong."""

collect_ignore_glob = ["*.py"]
