# SPDX-License-Identifier: Apache-2.0
"""One source file: its bytes, and the small questions about text that the syntax tree does not answer."""
import re

# As long as the macro's own name, so that every offset stays what it was.
CHECK_MACRO = b"DYAD_CHECK("
CHECK_AS_FUNCTION = b"dyadCheck_("

LEVELS = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6}
SKIP = re.compile(rb'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|//[^\n]*|/\*.*?\*/', re.S)
SPACED_OPERATOR = re.compile(rb"(?<=\s)(\|\||&&|==|!=|<=|>=|<|>|\+|-|\*|/|=|\?|:|<=>)(?=\s)")


class Source:
    def __init__(self, path, name):
        self.path = path
        self.name = name  # relative to the project
        with open(path, "rb") as file:
            self.bytes = file.read()

    def text(self, start, end):
        return self.bytes[start:end].decode()

    def for_parser(self):
        return self.bytes.replace(CHECK_MACRO, CHECK_AS_FUNCTION).decode()

    def line_of(self, offset):
        return self.bytes.count(b"\n", 0, offset) + 1

    def semicolon_after(self, end):
        """The offset behind the semicolon that follows, or None: then the expression is no statement of its own."""
        match = re.compile(rb"\s*;").match(self.bytes, end)
        return match.end() if match else None

    def operator(self, start, end):
        """(operator, end of its left side, start of its right side) of the expression's outermost operation; None where
        it is a call, a name, a conditional... The code is formatted: a binary operator has spaces around it, the angle
        brackets of a template don't."""
        code = self.bytes[start:end]
        depth = 0
        best = None
        at = 0
        while at < len(code):
            skip = SKIP.match(code, at)
            if skip:
                at = skip.end()
                continue
            byte = code[at:at + 1]
            if byte in b"([{":
                depth += 1
            elif byte in b")]}":
                depth -= 1
            elif depth == 0:
                match = SPACED_OPERATOR.match(code, at)
                if match:
                    word = match.group(1).decode()
                    if word not in LEVELS:
                        return None  # a conditional or an assignment
                    if best is None or LEVELS[word] <= LEVELS[best[0]]:
                        best = (word, match.start(1), match.end(1))
                    at = match.end()
                    continue
            at += 1
        if best is None:
            return None
        word, left, right = best
        return word, start + len(code[:left].rstrip()), start + right + len(code[right:]) - len(code[right:].lstrip())
