# SPDX-License-Identifier: Apache-2.0
"""Mutant schemata: all mutants of a file in one text, each an arm that one number chooses when the program runs."""
from dataclasses import dataclass, field


@dataclass
class Mutant:
    number: int
    file: str
    line: int
    function: str
    kind: str
    before: str
    after: str
    ordinal: int = 1

    def identity(self):
        """Survives edits elsewhere in the file."""
        return f"{self.file} | {self.function} | {self.kind} | {self.before} | {self.after} | {self.ordinal}"


@dataclass
class Edit:
    """What may happen to one range of the source."""
    start: int
    end: int
    statement: bool
    arms: list = field(default_factory=list)  # (number, text) in place of the range
    dropped_by: list = field(default_factory=list)  # statements only: numbers for which nothing is done here
    cast: str = ""
    children: list = field(default_factory=list)


class Edits:
    def __init__(self, source):
        self.source = source
        self.by_range = {}
        self.plain = []  # (start, end, text): always replaced

    def at(self, start, end, statement=False, cast=""):
        edit = self.by_range.get((start, end))
        if edit is None:
            edit = self.by_range[(start, end)] = Edit(start, end, statement, cast=cast)
        return edit

    def render(self, without=frozenset()):
        """The file with every mutant in it but those that don't compile."""
        root = Edit(0, len(self.source.bytes), True)
        stack = [root]
        everything = list(self.by_range.values()) + [
            Edit(start, end, False, arms=[(None, text)]) for start, end, text in self.plain]
        for edit in sorted(everything, key=lambda each: (each.start, -each.end)):
            edit.children = []
            while edit.start >= stack[-1].end:
                stack.pop()
            if edit.end > stack[-1].end:
                raise ValueError(f"{self.source.name}: two changes overlap at {self.source.line_of(edit.start)}")
            stack[-1].children.append(edit)
            stack.append(edit)
        return self._inner(root, without)

    def _inner(self, edit, without):
        at = edit.start
        out = []
        for child in edit.children:
            out.append(self.source.text(at, child.start))
            out.append(self._whole(child, without))
            at = child.end
        out.append(self.source.text(at, edit.end))
        return "".join(out)

    def _whole(self, edit, without):
        if edit.arms and edit.arms[0][0] is None:
            return edit.arms[0][1]
        inner = self._inner(edit, without)
        arms = [(number, text) for number, text in edit.arms if number not in without]
        dropped = [number for number in edit.dropped_by if number not in without]
        if not arms and not dropped:
            return inner
        # A line of its own for each arm: a compiler's message leads to the mutant.
        if edit.statement:
            text = "{\n"
            for number, arm in arms:
                text += f"if (DYAD_MUTANT({number})) {{ {arm} }} else\n"
            guards = " && ".join(f"!DYAD_MUTANT({number})" for number in dropped)
            return text + (f"if ({guards})\n" if guards else "") + f"{{\n{inner} }} }}"
        text = "("
        for number, arm in arms:
            text += f"\nDYAD_MUTANT({number}) ? {edit.cast}({arm}) :"
        return text + f"\n{edit.cast}({inner}))"
