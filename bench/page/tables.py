"""The tables of the page without targets. Each function returns lines of Markdown, or none without its figures."""

FRESH = {"new-context": "globals only", "no-sandbox": "no"}


def sandbox_of(row):
    return row["case"].split("/")[1]


def fresh(row):
    """Whether a call cannot see what an earlier one left."""
    return FRESH.get(sandbox_of(row), "yes" if row["fresh"] else "no")


def cells(*texts):
    return "| " + " | ".join(texts) + " |"


def head(*texts):
    return [cells(*texts), "|" + "---|" * len(texts)]


def machine(run):
    names = {"date": "date", "command": "command", "commit": "commit of the program", "processor": "processor", "processors": "processors",
             "memory_gib": "memory, GiB", "kernel": "kernel", "load": "load of the machine before"}
    return ["| | |", "|---|---|"] + [cells(what, str(run.get(name, "not recorded"))) for name, what in names.items()]


def servers(peers):
    """One line for each server under the load of bench/peers."""
    found = {}
    for row in peers:
        kind = row["case"].split("/")[0]
        if kind in ("http", "neighbour"):
            found.setdefault((row["peer"], sandbox_of(row)), {})[row["metric"]] = row
    if not found:
        return []
    table = head("", "version", "fresh for each call", "requests/s", "p50 ms", "p99 ms", "RSS idle, MiB", "RSS after, MiB",
                 "p99 ms beside 4 endless handlers")
    for (peer, sandbox), rows in found.items():
        figure = lambda metric, digits: f"{rows[metric]['median']:,.{digits}f}" if metric in rows else "not measured"
        noisy = rows.get("noisy_p99")
        beside = "not measured: it would hang" if noisy is None else "blocked" if noisy["median"] is None else figure("noisy_p99", 1)
        any_row = next(iter(rows.values()))
        table.append(cells(f"{peer}, {sandbox}", any_row["version"], fresh(any_row), figure("throughput", 0), figure("latency_p50", 2),
                           figure("latency_p99", 2), figure("rss_idle", 0), figure("rss_after", 0), beside))
    return table


def waiting(peers, inside, waiting_run):
    """Bytes that one waiting handler keeps."""
    rows = [(f"nexus, {form}: the delta of a small handler" + (", beside a similar one" if form == "hibernated" else ""), kept)
            for form in ("raw", "hibernated") if (kept := inside[f"suspend_and_resume/{form}"].get("bytes"))]
    if each := waiting_run.get("bytes_each"):
        rows.append((f"nexus, resident memory of the process for each of {waiting_run['waiting']:,}", each))
    rows += [(f"{row['peer']}, {sandbox_of(row)}", row["median"]) for row in peers if row["case"].startswith("suspended/")]
    return head("", "bytes") + [cells(what, f"{kept:,.0f}") for what, kept in rows] if rows else []


def websocket(turns):
    table = head("1,000 clients", "messages/s, each turn")
    for callers, stuck, what in ((4, 0, "four calls in progress"), (4, 1, "four, beside a client that never reads"), (1, 0, "one call in progress")):
        rates = [turn["messages_per_s"] for turn in turns if (turn["callers"], turn["stuck"]) == (callers, stuck)]
        table.append(cells(what, ", ".join(f"{rate:,.0f}" for rate in rates) or "not measured in this run"))
    return table if turns else []


def gib(storm):
    return "1 GiB" if storm["limitMb"] == 1024 else f"{storm['limitMb']} MiB"


def about(storm):
    return f"{gib(storm)}: {storm['seconds']} s, {storm['date'][:16].replace('T', ' ')} UTC, `--seed {storm['seed']}`"


def storm_verdict(storms):
    """All requirements on Nexus, with a column for each limit."""
    if not storms:
        return []
    table = head("what", *(column for storm in storms for column in (f"in {gib(storm)}", "required")), "met")
    named = [{row["name"]: row for row in storm["rows"]} for storm in storms]
    for name in dict.fromkeys(name for rows in named for name in rows):
        rows = [of.get(name) for of in named]  # a server that has ended has fewer rows
        seen = [text for row in rows for text in ((row["seen"], row["required"]) if row else ("", ""))]
        table.append(cells(name, *seen, met([row for row in rows if row])))
    latencies = [storm["honest"]["latency_ms"] for storm in storms]
    said = [", ".join(f"{of[p]:.1f}" for p in ("p50", "p90", "p100")) + " ms" for of in latencies]
    table.append(cells("p50, p90 and longest time of honest calls", *(text for one in said for text in (one, "")), ""))
    return table + ["", "; ".join(about(storm) for storm in storms) + "."]


def met(rows):
    if any(row["decides"] and not row["holds"] for row in rows):
        return "**no**"
    return "yes" if all(row["holds"] for row in rows) else "no, reported only"


def storm_peers(storms):
    if not storms:
        return []
    table = head("", "limit", "lived", "honest calls with a response", "ended by", "longest in progress at the end")
    for storm in storms:
        asked = sum(storm["honest"]["outcomes"].values())
        cut_off = [request for request in storm["clients"]["unanswered"] if request["outcome"].endswith("ECONNRESET")]
        longest = sorted(cut_off, key=lambda request: -request["after_ms"])
        names = list(dict.fromkeys(f"`{request['what']}`" for request in longest))[:3]
        table.append(cells(storm["peer"], gib(storm), f"{storm['lasted_s']} s of {storm['seconds']}", f"{storm['honest']['ran']} of {asked}",
                           end_of(storm), ", ".join(names)))
    return table + ["", "; ".join(dict.fromkeys(f"{storm['date'][:16].replace('T', ' ')} UTC, `--seed {storm['seed']}`" for storm in storms)) + "."]


def end_of(storm):
    if storm["oomKills"] and "death" in storm:
        return "OOM killer"
    if "death" in storm:
        return str(storm["death"]["status"])
    return f"silence after {storm['hangs']['at_s']} s" if "hangs" in storm else "nothing: it lives"
