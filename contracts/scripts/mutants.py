"""What a mutant is: one small change of one of our Solidity sources.

The text is looked at token by token, without comments, strings, imports and declarations of events and errors. Whatever
does not compile, or compiles to the same code, is left out later; so the operators may be crude.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SKIPPED = ("src/mocks/", "src/Authority.sol", "src/DemoToken.sol")
MODIFIERS = (
    "restricted", "nonReentrant", "nonReentrantView", "whenNotPaused", "onlyDisputes", "onlyDisputing",
)  # fmt: skip
SWAPS = {
    "<": ["<=", ">="], ">": [">=", "<="], "<=": ["<", ">"], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&&": ["||"], "||": ["&&"],
    "+=": ["-="], "-=": ["+="], "<<": [">>"], ">>": ["<<"], "&": ["|"], "|": ["&"], "|=": ["&="],
    "++": ["--"], "--": ["++"],
}  # fmt: skip
HIDDEN = re.compile(r'//[^\n]*|/\*.*?\*/|"[^"\n]*"|hex"[^"]*"|\b(?:pragma|import|event|error|using)\b[^;]*;', re.DOTALL)
TOKEN = re.compile(r"(?<= )(?:<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\|=|[<>+\-*/%&|])(?= )|\+\+|--")
YUL = {
    "add": "sub", "sub": "add", "lt": "gt", "gt": "lt", "shl": "shr", "shr": "shl", "and": "or", "or": "and",
    "mul": "add",
    "slt": "sgt", "sgt": "slt", "mload": "calldataload", "mstore": "mstore8",
}  # fmt: skip
YUL_CALL = re.compile(r"\b(" + "|".join(YUL) + r")(?=\()")
NUMBER = re.compile(r"(?<![\w.])(\d+)(?![\w.])")
REVERT = re.compile(r"^[ \t]*if \([^{}]*?\) (?:\{\s*)?revert [^;]*;(?:\s*\})?", re.MULTILINE)
CONDITION = re.compile(r"\b(?:if|while) \(")
STATEMENT = re.compile(
    r"^[ \t]+(?!return\b|revert\b|if\b|for\b|while\b|else\b|using\b|import\b|struct\b)[^\n;{}]*;", re.MULTILINE
)
RETURN = re.compile(r"\breturn [^;]+;")
JUMP = re.compile(r"\b(break|continue);")
DECLARATION = re.compile(
    r"^\s*(?:(?:u?int\d*|bytes\d*|address|bool|mapping|I[A-Z]\w*|[A-Z]\w+)(?:\[\])?\s+(?:public |private |internal |"
    r"constant |immutable |memory |storage |calldata )*\w+;|.*\b(?:constant|immutable)\b.*;|struct .*)"
)


@dataclass(frozen=True)
class Mutant:
    """A change of `path` at `start`: `old` becomes `new`. `key` names it as long as its line stays as it is."""

    path: str
    line: int
    start: int
    old: str
    new: str
    operator: str
    key: str
    shown: str

    def apply(self, text: str) -> str:
        assert text[self.start : self.start + len(self.old)] == self.old, f"{self.path} has changed"
        return text[: self.start] + self.new + text[self.start + len(self.old) :]


def hidden(text: str) -> str:
    """The text with everything blanked that is no code, every position kept."""
    return HIDDEN.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def _closing(code: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    raise ValueError("a bracket that is not closed")


def _changes(text: str, code: str) -> Iterator[tuple[int, str, str, str]]:
    """Position, old text, new text and operator of every change."""
    for found in TOKEN.finditer(code):
        for new in SWAPS.get(found.group(), ()):
            yield found.start(), found.group(), new, f"{found.group()} -> {new}"
    for found in YUL_CALL.finditer(code):
        yield found.start(), found.group(), YUL[found.group()], f"{found.group()} -> {YUL[found.group()]}"
    for found in NUMBER.finditer(code):
        value = int(found.group(1))
        yield found.start(), found.group(1), str(value + 1), "number + 1"
        if value:
            yield found.start(), found.group(1), str(value - 1), "number - 1"
    for name in MODIFIERS:
        for found in re.finditer(rf"(?<=[ \n])\b{name}\b(?=[ \n])(?![^\n]*\bmodifier\b)", code):
            if "modifier " + name not in code[found.start() - 12 : found.end()]:
                yield found.start(), name, "", "modifier removed"
    for found in REVERT.finditer(code):
        yield found.start(), text[found.start() : found.end()], "", "refusal removed"
    for found in CONDITION.finditer(code):
        opening = found.end() - 1
        closing = _closing(code, opening)
        inner = text[opening + 1 : closing]
        yield opening, text[opening : closing + 1], f"(!({inner}))", "condition negated"
    for found in STATEMENT.finditer(code):
        if not DECLARATION.match(found.group()):
            yield found.start(), text[found.start() : found.end()], "", "statement removed"
    for found in RETURN.finditer(code):
        yield found.start(), text[found.start() : found.end()], "", "return removed"
    for found in JUMP.finditer(code):
        other = {"break": "continue", "continue": "break"}[found.group(1)]
        yield found.start(), found.group(), other + ";", "jump swapped"


def mutants_of(root: Path, path: str) -> list[Mutant]:
    """Every mutant of one source, in the order of the text."""
    text = (root / path).read_text()
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for start, old, new, operator in sorted(_changes(text, hidden(text))):
        begin = text.rfind("\n", 0, start + len(old) - len(old.lstrip())) + 1
        line = text[begin : text.index("\n", begin)].strip()
        shown = (text[begin:start] + new + text[start + len(old) :].split("\n")[0]).strip() or "(removed)"
        place = (operator, line, shown)
        seen[place] += 1
        key = hashlib.sha256(f"{path}|{operator}|{line}|{shown}|{seen[place]}".encode()).hexdigest()[:12]
        found.append(Mutant(path, text.count("\n", 0, begin) + 1, start, old, new, operator, key, shown))
    return found


def all_mutants(root: Path) -> list[Mutant]:
    """Every mutant of every source that is deployed."""
    paths = sorted(str(path.relative_to(root)) for path in (root / "src").rglob("*.sol"))
    return [mutant for path in paths if not path.startswith(SKIPPED) for mutant in mutants_of(root, path)]
