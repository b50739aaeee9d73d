"""The plots. Each function returns {name of the file: SVG}, empty without its figures."""
from . import plot
from .tables import fresh, gib, sandbox_of

ISOLATED = {"yes": "apart", "globals only": "partly", "no": "shared"}
KEY = {"ours": "Nexus, fresh for each call", "apart": "fresh for each call", "partly": "fresh globals, shared memory", "shared": "not fresh"}


def kind(row):
    return "ours" if row["peer"] == "nexus" else ISOLATED[fresh(row)]


def of(peers, metric, case=""):
    return [row for row in peers if row["metric"] == metric and row["case"].startswith(case)]


def compared(name, title, date, axis, rows, log=True, key=KEY):
    """`rows`: as for plot.bars, the best first; nothing without Nexus and one other."""
    if "ours" not in {kind for _, _, kind in rows} or len(rows) < 2:
        return {}
    used = {kind: meaning for kind, meaning in key.items() if kind in {kind for _, _, kind in rows}}
    return {name: plot.bars(title, f"bench/run of {date}", axis, rows, used, log)}


def fresh_call(peers, call_us, date):
    rows = [(f"{row['peer']}, {sandbox_of(row)}", row["median"], kind(row)) for row in of(peers, "time_per_call", "inprocess/new-")]
    if call_us == call_us:
        rows.append(("nexus", call_us, "ours"))
    return compared("fresh-call.svg", "A call in a fresh sandbox, in process", date, "µs for a call (less is better)",
                    sorted(rows, key=lambda row: row[1]))


def requests(peers, date):
    rows = [(f"{row['peer']}, {sandbox_of(row)}", row["median"], kind(row)) for row in of(peers, "throughput")]
    return compared("requests.svg", "Requests over HTTP, one thread", date, "requests/s (more is better)",
                    sorted(rows, key=lambda row: -row[1]), log=False)


def waiting(peers, waiting_run, date):
    rows = [(f"{row['peer']}, {sandbox_of(row)}", row["median"], "apart") for row in of(peers, "rss_per_handler")]
    if "bytes_each" in waiting_run:
        rows.append(("nexus", waiting_run["bytes_each"], "ours"))
    return compared("waiting.svg", "Memory of one waiting handler", date, "bytes of resident memory (less is better)",
                    sorted(rows, key=lambda row: row[1]), key={"ours": "Nexus", "apart": "peers, by their own means"})


def beside_endless(peers, date):
    rows = [(f"{row['peer']}, {sandbox_of(row)}", "blocked: no call got a response" if row["median"] is None else row["median"], kind(row))
            for row in of(peers, "noisy_p99")]
    return compared("beside-endless.svg", "A short call beside four handlers that never end", date, "p99 in ms (less is better)",
                    sorted(rows, key=lambda row: (isinstance(row[1], str), row[1])))


def storms(storms):
    """The changing limit, the accounted bytes and the working set."""
    drawn = {}
    for storm in storms:
        series = storm["sampler"].get("series", [])
        if len(series) < 2:
            continue
        names = {"limit": "limit of the cgroup", "accounted": "accounted by the server", "used": "working set, by the kernel"}
        columns = {"limit": 2, "accounted": 3, "used": 1}
        drawn[f"storm-{storm['limitMb']}.svg"] = plot.lines(
            f"A storm of hogs in {gib(storm)}", f"bench/storm of {storm['date'][:10]}, seed {storm['seed']}; of each 2 s the sample with the least free memory",
            "seconds", "MiB", {kind: [(sample[0], sample[column] / 2**20) for sample in series] for kind, column in columns.items()}, names)
    return drawn
