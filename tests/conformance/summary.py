#!/usr/bin/env python3
"""summary.py REPORTDIR LOG [AGENT]: one verdict from wstest's index.json.

passed:   behavior OK, NON-STRICT or INFORMATIONAL, closing handshake not FAILED or UNCLEAN
failed:   everything else, UNIMPLEMENTED too (an extension was not negotiated), and every case that was asked for and
          has no result
Closing with another code than expected (WRONG CODE), or a server that leaves
dropping TCP to the client (FAILED BY CLIENT), are listed and not counted, as
in wstest's own report; STRICT_CLOSE=1 counts them as failed.
"""
import ast, collections, json, os, re, sys

out, log = sys.argv[1], sys.argv[2]
m = re.search(r"^Cases = (\[.*\])$", open(log, errors="replace").read(), re.M)
asked = [str(c) for c in ast.literal_eval(m.group(1))] if m else []
try:
    report = json.load(open(os.path.join(out, "index.json")))
except (OSError, ValueError) as e:
    report = {}
    print(f"no report: {e}")
agents = [a for a in report if len(sys.argv) < 4 or a == sys.argv[3]]
cases = {c: r for a in agents for c, r in report[a].items()}
key = lambda c: [int(x) for x in c.split(".")]
bad_close = {"FAILED", "UNCLEAN"} | ({"WRONG CODE", "FAILED BY CLIENT"} if os.environ.get("STRICT_CLOSE") else set())

passed, failed, remarks = [], {}, collections.defaultdict(list)
kinds = collections.Counter()
for c in sorted(set(asked) | set(cases), key=key):
    r = cases.get(c)
    if r is None:
        failed[c] = "no result"
        kinds["no result"] += 1
        continue
    b, bc = r["behavior"], r["behaviorClose"]
    kinds[b] += 1
    if b not in ("OK", "NON-STRICT", "INFORMATIONAL"):
        failed[c] = b
    elif bc in bad_close:
        failed[c] = f"{b}, close {bc}"
    else:
        passed.append(c)
        if b != "OK":
            remarks[b].append(c)
        if bc not in ("OK", "INFORMATIONAL"):
            remarks["close " + bc].append(f"{c} ({r['remoteCloseCode']})")

print(f"agent {', '.join(agents) or '(none)'}: {len(cases)} of {len(asked)} cases ran; "
      + ", ".join(f"{kinds[k]} {k}" for k in
                  ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED", "no result") if kinds[k]))
for k, v in remarks.items():
    print(f"  {k}: {' '.join(v)}")
if failed:
    print("failed cases: " + " ".join(failed))
    for why, n in collections.Counter(failed.values()).items():
        print(f"  {n} x {why}")
if not asked:
    print("no list of cases in the log: the run did not start")
print(f"{len(passed)} passed, {len(failed) if asked else max(1, len(failed))} failed, 0 skipped")
sys.exit(bool(failed) or not asked)
