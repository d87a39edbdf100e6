# SPDX-License-Identifier: Apache-2.0
"""Breaks the engine and the heart's core on purpose, one mutant at a time, and reports which nobody notices."""
import argparse
import json
import os
import sys
import time
from pathlib import Path

import survivors
from judge import Judge, family
from tree import Tree

WANTED = 0.95


def arguments():
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--only", metavar="FILE", help="mutants of files whose name ends so")
    parser.add_argument("--mutant", metavar="ID", type=int, help="show one mutant, and who notices it")
    parser.add_argument("--again", action="store_true", help="only those that nobody noticed in the last run")
    parser.add_argument("--list", action="store_true", help="list the mutants, judge none")
    parser.add_argument("--json", action="store_true", help="one object as last line")
    parser.add_argument("--seeds", type=int, default=200, help="lives of dyad-sim for what nothing else notices")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--build", type=Path, help="where to build (build-mutants/)")
    return parser.parse_args()


def tell(text):
    print(text, flush=True)


def show(mutant):
    tell(f"  {mutant.number:5} {mutant.file}:{mutant.line} {mutant.function}: {mutant.kind}: {mutant.before}  ->  {mutant.after}")


def chosen(tree, options):
    if options.mutant is not None:
        if options.mutant not in tree.mutants:
            raise SystemExit(f"mutants: there is no mutant {options.mutant} that compiles; --list shows them")
        return [options.mutant]
    numbers = [number for number, each in tree.mutants.items() if not options.only or each.file.endswith(options.only)]
    if not numbers:
        raise SystemExit(f"mutants: no mutant in a file that ends in {options.only}")
    if not options.again:
        return numbers
    last = remembered(tree)
    return [number for number in numbers if not last.get(tree.mutants[number].identity(), False)]


def remembered(tree):
    """Who noticed what in the last runs, by identity."""
    file = tree.folder / "last.json"
    return json.loads(file.read_text()) if file.exists() else {}


def remember(tree, killed):
    last = remembered(tree)
    last.update((tree.mutants[number].identity(), killer) for number, killer in killed.items())
    (tree.folder / "last.json").write_text(json.dumps(last, ensure_ascii=False, indent=0))


def report(tree, killed, reasons, options, judge, seconds):
    files = {}
    for number, killer in killed.items():
        row = files.setdefault(tree.mutants[number].file, [0, 0])
        row[0 if killer else 1] += 1
    tell("\nkilled  survived  file")
    for name, (dead, alive) in sorted(files.items()):
        tell(f"{dead:6}  {alive:8}  {name}")
    alive = [tree.mutants[number] for number, killer in killed.items() if killer is None]
    unexplained = [each for each in alive if each.identity() not in reasons]
    by_identity = {each.identity(): each.number for each in tree.mutants.values()}
    gone = [each for each in reasons if each not in by_identity]
    dead = [each for each in reasons if each in by_identity and killed.get(by_identity[each])]
    if unexplained:
        tell("\nnot noticed, not explained:")
        for each in unexplained:
            show(each)
            if not judge.is_reached(each.number):
                tell("        (no scenario and no unit test comes by)")
    for each in dead:
        tell(f"\nexplained as equivalent, but {killed[by_identity[each]]} notices it:\n  {each}")
    for each in gone if not options.only and not options.again else []:
        tell(f"\nexplained, but there is no such mutant any more:\n  {each}")
    killers = {}
    for killer in killed.values():
        name = family(killer) if killer else "nobody"
        killers[name] = killers.get(name, 0) + 1
    count = len(killed)
    share = (count - len(alive)) / count
    tell(f"\n{count} mutants, {count - len(alive)} killed ({100 * share:.1f} %), {len(alive)} survived, "
         f"{len(alive) - len(unexplained)} of them explained; {len(tree.not_compiling)} more did not compile; "
         f"{seconds:.0f} s")
    tell("killed by: " + ", ".join(f"{name} {number}" for name, number in sorted(killers.items()) if name != "nobody"))
    whole = not options.only and not options.again
    good = share >= WANTED and not unexplained and not dead and not (gone and whole)
    if options.json:
        print(json.dumps({
            "ok": good, "mutants": count, "killed": count - len(alive), "share": round(share, 4),
            "not_compiling": len(tree.not_compiling), "killed_by": killers, "seconds": round(seconds, 1),
            "files": {name: {"killed": a, "survived": b} for name, (a, b) in sorted(files.items())},
            "survivors": [{"id": each.number, "file": each.file, "line": each.line, "function": each.function,
                           "kind": each.kind, "before": each.before, "after": each.after,
                           "identity": each.identity(), "reason": reasons.get(each.identity())} for each in alive]},
            ensure_ascii=False))
    return good


def main():
    options = arguments()
    begin = time.monotonic()
    root = Path(__file__).resolve().parents[2]
    tree = Tree(root, options.build.resolve() if options.build else root / "build-mutants")
    tree.make(options.jobs)
    tell(f"{len(tree.mutants)} mutants, {len(tree.not_compiling)} more don't compile")
    numbers = chosen(tree, options)
    if options.list:
        for number in numbers:
            show(tree.mutants[number])
        return 0
    reasons = survivors.read(root / "tests/mutants/survivors.txt")
    scenarios = sorted(str(path) for path in (tree.copy / "tests/scenarios").glob("*.txt") if path.name != "CMakeLists.txt")
    judge = Judge(tree, scenarios, options.seeds, remembered(tree))
    tree.compile(judge.targets(), options.jobs)
    tell(f"built after {time.monotonic() - begin:.0f} s")
    if not numbers:
        tell("every mutant was noticed in the last run")
        return 0
    judge.prepare(options.jobs)
    killed = judge.judge(numbers, options.jobs, tell, lambda some: remember(tree, some))
    if options.mutant is not None:
        show(tree.mutants[options.mutant])
        tell(f"  {tree.mutants[options.mutant].identity()}")
        tell(f"  noticed by {killed[options.mutant]}" if killed[options.mutant] else "  not noticed")
        return 0
    return 0 if report(tree, killed, reasons, options, judge, time.monotonic() - begin) else 1


if __name__ == "__main__":
    sys.exit(main())
