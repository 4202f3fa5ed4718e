#!/usr/bin/env python3
"""Who is who in public sets, through the gateway as a user would find out.

  score_sets.py DATA [--url URL] [--key KEY] [--sets fake_1000,febrl1] [--around]

DATA holds identity/*.csv with the truth beside each set. Of every set: a ruleset and a data stream of their own are put,
the records are imported, weights are trained on all of them, the draft is put and made live, and the clusters that
/v1/identity/links?format=csv lists are scored pair by pair. Prints a table. --around: also one bit below and above the
threshold. Wants a database without these streams. Key: CDP_KEY."""
import argparse, csv, io, json, os, re, time, urllib.error, urllib.request
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
RULES = os.path.join(HERE, "../../OrleansCdp.Domain.Tests/Identity/Definitions")
SETS = {  # name: (rules, column of the id, files)
    "fake_1000": ("fake", "unique_id", ["fake_1000"]),
    "febrl1": ("febrl", "rec_id", ["febrl1"]),
    "febrl3": ("febrl", "rec_id", ["febrl3"]),
    "febrl4": ("febrl", "rec_id", ["febrl4a", "febrl4b"]),
    "senzing": ("senzing", "record_id", ["senzing_all_records"]),
    "restaurants": ("restaurants", "record_id", ["restaurants"]),
}


class Gateway:
    def __init__(self, url, key):
        self.url, self.key = url.rstrip("/"), key

    def ask(self, method, path, body=None, media="application/json"):
        request = urllib.request.Request(self.url + path, method=method, data=body)
        request.add_header("Authorization", "Bearer " + self.key)
        request.add_header("Content-Type", media)
        try:
            with urllib.request.urlopen(request, timeout=3600) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as e:
            raise SystemExit(f"{method} {path}: {e.code} {e.read().decode()[:500]}")

    def put(self, kind, name, text):
        answer = self.ask("PUT", f"/v1/definitions/{kind}/{name}", text.encode(), "application/yaml")
        return json.loads(answer)["version"]

    def drain(self):
        while True:
            lanes = json.loads(self.ask("GET", "/v1/status"))["partitions"]
            if all(lane["head"] == lane["checkpoint"] for lane in lanes):
                return
            time.sleep(0.5)

    def activate(self, ruleset, version):
        path = f"/v1/definitions/ruleset/{ruleset}/versions/{version}/activate"
        last = json.loads(self.ask("POST", path, b"").strip().split("\n")[-1])
        if not last["ended"] or "code" in last:
            raise SystemExit(f"{ruleset} did not become live: {last}")
        return last

    def clusters(self, ruleset):
        text = self.ask("GET", f"/v1/identity/links?ruleset={ruleset}&format=csv")
        return {r["record_id"]: r["cluster_id"] for r in csv.DictReader(io.StringIO(text))}


def rows(data, name):
    with open(os.path.join(data, "identity", name + ".csv"), newline="", encoding="utf-8-sig") as f:
        yield from csv.DictReader(f)


def pairs(groups):
    return sum(n * (n - 1) // 2 for n in groups.values())


def score(truth, found):
    """A record that was not listed is one of its own."""
    of = {r: found.get(r) or "alone/" + r for r in truth}
    sizes = Counter(of.values())
    right = pairs(Counter((e, of[r]) for r, e in truth.items()))
    said, true = pairs(sizes), pairs(Counter(truth.values()))
    precision, recall = right / said if said else 1.0, right / true
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return precision, recall, f1, max(sizes.values())


def stream(ruleset, id_column, columns):
    fields = "\n".join(f"  {c}: {{ type: text{', required: true' if c == id_column else ''} }}" for c in columns)
    traits = "\n".join(f"  {c}: {c}" for c in columns if c != id_column)
    return f"""source: {ruleset}
ruleset: {ruleset}
fields:
{fields}
object: Individual
subject: {{ object: record, id: {id_column}, of: individual }}
traits:
{traits}
"""


def measure(gateway, data, name, around):
    rules, id_column, files = SETS[name]
    ruleset = "set-" + name.replace("_", "-")
    with open(os.path.join(RULES, rules + ".yaml"), encoding="utf-8") as f:
        gateway.put("ruleset", ruleset, f.read())
    began = time.monotonic()
    for file in files:
        all_rows = list(rows(data, file))
        gateway.put("stream", ruleset, stream(ruleset, id_column, list(all_rows[0])))
        for start in range(0, len(all_rows), 2000):
            body = io.StringIO()
            writer = csv.DictWriter(body, list(all_rows[0]))
            writer.writeheader()
            writer.writerows(all_rows[start:start + 2000])
            answer = json.loads(gateway.ask("POST", f"/v1/streams/{ruleset}", body.getvalue().encode(), "text/csv"))
            if answer["quarantined"]:
                raise SystemExit(f"{name}: refused {answer['quarantined'][:3]}")
    gateway.drain()
    loaded = time.monotonic()
    draft = json.loads(gateway.ask("POST", "/v1/identity/train", json.dumps({"ruleset": ruleset, "seed": 1}).encode()))
    trained = time.monotonic()
    truth = {r["record_id"]: r["entity_id"] for r in rows(data, name + "_truth")}
    link = float(re.search(r"thresholds: \{ link: ([-\d.]+)", draft["text"])[1])
    replayed = 0.0
    for step in ([-1, 1, 0] if around else [0]):
        text = re.sub(r"(thresholds: \{ link: )[-\d.]+", rf"\g<1>{link + step:g}", draft["text"])
        version = gateway.put("ruleset", ruleset, text)
        start = time.monotonic()
        gateway.activate(ruleset, version)
        replayed = time.monotonic() - start
        p, r, f1, largest = score(truth, gateway.clusters(ruleset))
        print(f"| {name} | {link + step:g} | {p:.4f} | {r:.4f} | {f1:.4f} | {largest} |", flush=True)
    rejected = ["+".join(p["block"]) for p in draft["passes"] if p.get("rejected")]
    true = pairs(Counter(truth.values()))
    return [
        f"| {name} | matches estimated / true | {draft['matches']:.0f} / {true} |",
        f"| {name} | passes accepted, rejected | {len(draft['passes']) - len(rejected)}, {'; '.join(rejected) or 'none'} |",
        f"| {name} | records; seconds to import, train, replay | {len(truth)}; {loaded - began:.1f}, {trained - loaded:.1f}, {replayed:.1f} |",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--url", default=os.environ.get("CDP_URL", "http://127.0.0.1:5080"))
    parser.add_argument("--key", default=os.environ.get("CDP_KEY", ""))
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--around", action="store_true")
    args = parser.parse_args()
    gateway = Gateway(args.url, args.key)
    print("| set | T | precision | recall | F1 | largest |\n|---|---|---|---|---|---|")
    rest = []
    for name in args.sets.split(","):
        rest += measure(gateway, args.data, name, args.around)
    print("\n| set | figure | value |\n|---|---|---|")
    print("\n".join(rest))


if __name__ == "__main__":
    main()
