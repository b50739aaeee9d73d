"""The results of a run of bench/run, read from its folder. A missing figure is NaN, and so is all that is computed from it."""
import json
import math
import statistics

NAN = math.nan


def median(values):
    return statistics.median(values) if values else NAN


class Figures(dict):
    """The figures of one file, or of one row in it."""

    def __missing__(self, name):
        return NAN


class Rows(dict):
    def __missing__(self, name):
        return Figures()


class Results:
    def __init__(self, directory):
        self.directory = directory

    def json(self, name):
        path = self.directory / name
        # The file is empty when the program failed early.
        return Figures(json.loads(path.read_text())) if path.is_file() and path.stat().st_size else Figures()

    def inside(self):
        """{name: medians of Google Benchmark}"""
        return Rows((row["run_name"].split("/min_time")[0], Figures(row)) for row in self.json("inside.json").get("benchmarks", [])
                    if row.get("aggregate_name", "median") == "median")

    def ledger_ratio(self):
        """The small call beside one with the ledger compiled out: the median over turns, each with one program after the other."""
        time_in = lambda path: json.loads(path.read_text())["benchmarks"][0]["cpu_time"]
        turns = self.directory.glob("nexus_bench-small-*.json")
        ratios = [time_in(turn) / time_in(turn.with_name(turn.name.replace("_bench-", "_bench_no_ledger-"))) for turn in turns]
        return median(ratios)

    def peers(self):
        """[{peer, version, case, metric, unit, median or None, fresh}]"""
        path = self.directory / "peers.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []

    def storms(self, peer):
        """The storm in 1 GiB comes first."""
        names = [f"storm-{mb}{'' if peer == 'nexus' else f'-{peer}'}.json" for mb in (1024, 256)]
        return [storm for storm in map(self.json, names) if storm]
