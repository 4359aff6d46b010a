"""Parse files of Verilog-2005 and SystemVerilog with pyslang: find their definitions, languages and mistakes.

Every file is parsed on its own. A file is SystemVerilog if it has a construct that Verilog-2005 does not have. A file
that uses a keyword of SystemVerilog as a name (ODIN has a signal ``priority``) is parsed as Verilog-2005.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pyslang
from pyslang import ast, parsing, syntax

_VERILOG, _SYSTEMVERILOG = pyslang.LanguageVersion.v1364_2005, pyslang.LanguageVersion.v1800_2017
_KEYWORDS = """
    accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit break byte chandle
    checker class clocking const constraint context continue cover covergroup coverpoint cross dist do endchecker
    endclass endclocking endgroup endinterface endpackage endprogram endproperty endsequence enum eventually expect
    export extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies
    import inside int interconnect interface intersect join_any join_none let local logic longint matches modport
    nettype new nexttime null package packed priority program property protected pure rand randc randcase
    randsequence ref reject_on restrict return s_always s_eventually s_nexttime s_until s_until_with sequence
    shortint shortreal soft solve static string strong struct super sync_accept_on sync_reject_on tagged this
    throughout timeprecision timeunit type typedef union unique unique0 until until_with untyped var virtual void
    wait_order weak wildcard with within
"""
_OPERATORS = """
    DoublePlus DoubleMinus PlusEqual MinusEqual StarEqual SlashEqual PercentEqual AndEqual OrEqual XorEqual
    LeftShiftEqual RightShiftEqual TripleLeftShiftEqual TripleRightShiftEqual UnbasedUnsizedLiteral Apostrophe
    ApostropheOpenBrace DoubleColon DoubleEqualsQuestion ExclamationEqualsQuestion LessThanMinusArrow
"""
# Directives that simulators ignore.
_IGNORED_DIRECTIVES = {
    "accelerate", "noaccelerate", "autoexpand_vectornets", "expand_vectornets", "noexpand_vectornets",
    "remove_gatename", "remove_gatenames", "noremove_gatename", "noremove_gatenames", "remove_netname",
    "remove_netnames", "noremove_netname", "noremove_netnames", "enable_portfaults", "disable_portfaults",
    "suppress_faults", "nosuppress_faults", "default_decay_time", "default_trireg_strength", "delay_mode_distributed",
    "delay_mode_path", "delay_mode_unit", "delay_mode_zero", "signed", "unsigned", "protect", "endprotect", "uselib",
}  # fmt: skip
_OWN_MACROS = ["__slang__", "__slang_major__", "__slang_minor__"]  # which no simulator defines
_FLAGS = (
    ast.CompilationFlags.AllowUseBeforeDeclare
    | ast.CompilationFlags.AllowHierarchicalConst
    | ast.CompilationFlags.AllowTopLevelIfacePorts
    | ast.CompilationFlags.AllowInvalidTop
)


@dataclass(frozen=True)
class Problem:
    """A mistake in a file.

    kind : "macro" and "include" name a macro or file that is missing; "syntax" says what the parser expected
    place : file and line, for instance "src/chip.v:12"
    """

    kind: Literal["macro", "include", "syntax"]
    subject: str
    place: str

    def __str__(self) -> str:
        if self.kind == "macro":
            return f"macro {self.subject} is not defined ({self.place})"
        if self.kind == "include":
            return f"included file {self.subject} is not found ({self.place})"
        return f"{self.place}: {self.subject}"


@dataclass(frozen=True)
class SlangSource:
    """A file that was read.

    tree : pyslang's syntax tree, in the language in which the file has the fewest mistakes
    old_names : the file uses a keyword of SystemVerilog as a name
    problems : the mistakes, in the order of the lines
    """

    path: Path
    tree: Any
    old_names: bool
    problems: tuple[Problem, ...]

    @cached_property
    def systemverilog(self) -> bool:
        """Return True if the file has a construct that Verilog-2005 does not have."""
        keywords, operators = set(_KEYWORDS.split()), set(_OPERATORS.split())
        words = ((token.kind.name, token.valueText) for token in tokens(self.tree.root))
        is_new = any(kind in operators or (kind.endswith("Keyword") and word in keywords) for kind, word in words)
        return is_new and not self.old_names

    @cached_property
    def is_empty(self) -> bool:
        """Return True if the file has only directives of the preprocessor."""
        root = self.tree.root
        return root.kind is syntax.SyntaxKind.CompilationUnit and not len(root.members)

    @cached_property
    def definitions(self) -> list[tuple[str, str]]:
        """Return what the file defines: kind ("ModuleDeclaration", "PackageDeclaration", ...) and name."""
        root = self.tree.root
        members = root.members if root.kind is syntax.SyntaxKind.CompilationUnit else (root,)
        definitions = [(m.kind.name, getattr(m, "header", m).name.valueText) for m in members if _is_definition(m)]
        return [(kind, name) for kind, name in definitions if name]

    @cached_property
    def instantiations(self) -> list[tuple[str, Any]]:
        """Return what the file's modules instantiate, in any generate block, as (module, pyslang's syntax)."""
        instances: list[tuple[str, Any]] = []
        kind = syntax.SyntaxKind.HierarchyInstantiation
        self.tree.root.visit(lookup_table={kind: lambda node: instances.append((node.type.valueText, node))})
        return instances

    @cached_property
    def imported(self) -> list[tuple[str, Any]]:
        """Return the packages that the file imports, as (package, place)."""
        packages: list[tuple[str, Any]] = []
        kind = syntax.SyntaxKind.PackageImportItem
        self.tree.root.visit(
            lookup_table={kind: lambda node: packages.append((node.package.valueText, node.package.location))}
        )
        return packages

    @cached_property
    def port_interfaces(self) -> list[str]:
        """The interfaces that ports of the file's modules have, where the port names a modport, too."""
        names: list[str] = []
        kind = syntax.SyntaxKind.InterfacePortHeader
        self.tree.root.visit(lookup_table={kind: lambda node: names.append(node.nameOrKeyword.valueText)})
        return names

    @cached_property
    def included(self) -> list[Path]:
        """Return the files that this one includes, directly or not; "" for a file that does not exist."""
        buffers = [directive.buffer.id for directive in self.tree.getIncludeDirectives()]
        return [Path(self.tree.sourceManager.getFullPath(buffer)) for buffer in buffers]

    @cached_property
    def text(self) -> str:
        """Return the text after the preprocessor, without comments."""
        printer = syntax.SyntaxPrinter(self.tree.sourceManager).setIncludeDirectives(False).setIncludeComments(False)
        printer = printer.setExpandMacros(True).setExpandIncludes(True).setIncludeSkipped(False)
        return str(printer.print(self.tree).str())


class Parser:
    """A parser that reads all files with the same macros and the same folders of included files.

    directory : problems name files relative to it
    defines : NAME or NAME=VALUE
    folders : the folders of included files, after the folder of the file that includes them
    """

    def __init__(self, directory: Path, defines: Sequence[str], folders: Sequence[str]) -> None:
        self._directory = directory
        self._defines, self._folders = defines, folders
        self._labels: dict[str, str] = {}
        self._manager = pyslang.SourceManager()
        self._manager.setDisableProximatePaths(True)
        self._engine = pyslang.DiagnosticEngine(self._manager)

    def read(self, path: Path, headers: Sequence[Path] = ()) -> SlangSource:
        """Read a file, after the macros of the headers. Raises OSError if it cannot be opened."""
        path.open("rb").close()
        tree, problems = self._parse(path, headers, _SYSTEMVERILOG)
        if any(problem.kind == "syntax" for problem in problems):
            old_tree, old_problems = self._parse(path, headers, _VERILOG)
            if len(old_problems) < len(problems):
                return SlangSource(path, old_tree, True, old_problems)
        return SlangSource(path, tree, False, problems)

    def compilation(
        self, sources: Sequence[SlangSource], tops: set[str], settings: Sequence[str] = ()
    ) -> ast.Compilation:
        """Return the elaborated sources. If a name has several definitions, the first source's definition is used.

        settings : of the tops' parameters, NAME=VALUE as in Verilog
        """
        options = _options(_SYSTEMVERILOG, self._defines, self._folders)
        compilation_options = ast.CompilationOptions()
        compilation_options.languageVersion = _SYSTEMVERILOG
        compilation_options.flags = _FLAGS
        compilation_options.topModules = tops
        compilation_options.paramOverrides = list(settings)
        compilation_options.maxGenerateSteps = 1 << 20
        compilation = ast.Compilation(pyslang.Bag([*options, compilation_options]))
        for source in reversed(sources):  # the definition that is added last is the one that holds
            compilation.addSyntaxTree(source.tree)
        return compilation

    def place_of(self, location: pyslang.SourceLocation) -> str:
        """Return file and line of a place; for a place in a macro, those of the macro's use."""
        place = self._manager.getFullyExpandedLoc(location)
        return f"{self.label(self._manager.getFileName(place))}:{self._manager.getLineNumber(place)}"

    def file(self, location: pyslang.SourceLocation) -> str:
        """The file in which a place is; "" for what is built in."""
        return str(self._manager.getFileName(self._manager.getFullyExpandedLoc(location)))

    def label(self, file: str) -> str:
        """Return the name that messages use for the file."""
        if file not in self._labels:
            path, root = Path(file).resolve(), self._directory.resolve()
            self._labels[file] = str(path.relative_to(root)) if path.is_relative_to(root) else file
        return self._labels[file]

    def _parse(
        self, path: Path, headers: Sequence[Path], version: pyslang.LanguageVersion
    ) -> tuple[Any, tuple[Problem, ...]]:
        bag = pyslang.Bag([*_options(version, self._defines, self._folders)])
        tree = syntax.SyntaxTree.fromFiles([str(each) for each in (*headers, path)], self._manager, bag)
        return tree, tuple(self._problem(diagnostic) for diagnostic in tree.diagnostics if diagnostic.isError())

    def _problem(self, diagnostic: pyslang.Diagnostic) -> Problem:
        place = self.place_of(diagnostic.location)
        if diagnostic.code == pyslang.Diags.UnknownDirective:
            return Problem("macro", str(diagnostic.args[0]).lstrip("`"), place)
        if diagnostic.code == pyslang.Diags.CouldNotOpenIncludeFile:
            return Problem("include", str(diagnostic.args[0]), place)
        return Problem("syntax", self._engine.formatMessage(diagnostic), place)


def tokens(node: Any) -> Iterator[parsing.Token]:
    """Yield the words of a syntax tree."""
    words: list[parsing.Token] = []
    node.visit(lambda each: words.append(each) if isinstance(each, parsing.Token) else None)
    yield from words


def connections(instance: Any) -> list[tuple[str, Any]]:
    """The ports that an instance's syntax connects by name, as (port, place)."""
    ports: list[tuple[str, Any]] = []
    kind = syntax.SyntaxKind.NamedPortConnection
    instance.visit(lookup_table={kind: lambda node: ports.append((node.name.valueText, node.name.location))})
    return ports


def enclosing(node: Any) -> str:
    """Return the name of the module that contains a syntax node; "" if there is none."""
    while node is not None and node.kind is not syntax.SyntaxKind.ModuleDeclaration:
        node = node.parent
    return str(node.header.name.valueText) if node is not None else ""


def _options(version: pyslang.LanguageVersion, defines: Sequence[str], folders: Sequence[str]) -> tuple[Any, ...]:
    lexer, preprocessor, parser = parsing.LexerOptions(), parsing.PreprocessorOptions(), parsing.ParserOptions()
    for each in (lexer, preprocessor, parser):
        each.languageVersion = version
    preprocessor.predefines = list(defines)
    preprocessor.undefines = _OWN_MACROS
    preprocessor.additionalIncludePaths = list(folders)
    preprocessor.ignoreDirectives = _IGNORED_DIRECTIVES
    return lexer, preprocessor, parser


def _is_definition(member: Any) -> bool:
    kinds = ("ModuleDeclaration", "InterfaceDeclaration", "ProgramDeclaration", "PackageDeclaration", "UdpDeclaration")
    return member.kind.name in kinds
