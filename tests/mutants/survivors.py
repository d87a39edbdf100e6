# SPDX-License-Identifier: Apache-2.0
"""survivors.txt: mutants that nobody can notice, each with the reason why. The first line is the mutant's identity,
the indented lines behind it are the reason."""


def read(path):
    reasons = {}
    identity = None
    if not path.exists():
        return reasons
    for at, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            if identity is None:
                raise SystemExit(f"mutants: {path}:{at}: a reason without a mutant before it")
            reasons[identity] = (reasons[identity] + " " + line.strip()).strip()
            continue
        if line.count(" | ") < 5:
            raise SystemExit(f"mutants: {path}:{at}: not \"file | function | kind | before | after | ordinal\"")
        identity = line.strip()
        if identity in reasons:
            raise SystemExit(f"mutants: {path}:{at}: the same mutant for the second time")
        reasons[identity] = ""
    # One reason may stand behind several mutants in a row.
    following = ""
    for identity in reversed(list(reasons)):
        following = reasons[identity] = reasons[identity] or following
    empty = [identity for identity, reason in reasons.items() if not reason]
    if empty:
        raise SystemExit(f"mutants: {path}: no reason is given for: {empty[0]}")
    return reasons
