"""JavaScript, TypeScript and both with JSX: what of their trees is read, and by what."""

from __future__ import annotations

from syntax.extract import javascript_definitions, javascript_modules
from syntax.extract.walk import Grammar

JAVASCRIPT = """
[(class_declaration) (function_declaration) (generator_function_declaration) (method_definition)] @d
[(export_statement) (import_statement)] @d
(program [(lexical_declaration) (variable_declaration)] @d)
(export_statement [(lexical_declaration) (variable_declaration)] @d)
(statement_block [(lexical_declaration) (variable_declaration)] @d)
(program (expression_statement (assignment_expression left: (member_expression)) @d))
(assignment_expression right: (assignment_expression left: (member_expression)) @d)
(assignment_expression left: (member_expression) right: [(function_expression) (class)]) @d
(assignment_expression left: (member_expression object: (this))) @d
(pair value: [(arrow_function) (function_expression)]) @d
(call_expression function: (identifier) @f arguments: (arguments . (string)) (#eq? @f "require")) @d
(call_expression function: (import)) @d
"""
FIELDS = "(field_definition) @d"
TYPESCRIPT = """
[(abstract_class_declaration) (interface_declaration) (type_alias_declaration) (enum_declaration)] @d
[(function_signature) (internal_module) (module) (public_field_definition) (abstract_method_signature)] @d
(class_body (method_signature) @d)
(interface_body [(property_signature) (method_signature)] @d)
(type_alias_declaration value: (object_type [(property_signature) (method_signature)] @d))
(type_alias_declaration value: (intersection_type (object_type [(property_signature) (method_signature)] @d)))
(enum_body (property_identifier) @d)
(enum_assignment) @d
(ambient_declaration [(lexical_declaration) (variable_declaration)] @d)
(required_parameter [(accessibility_modifier) "readonly"]) @d
(optional_parameter [(accessibility_modifier) "readonly"]) @d
"""
LOCALS = """
(formal_parameters (_) @d)
(arrow_function parameter: (identifier) @d)
[(variable_declarator) (for_in_statement) (catch_clause)] @d
(statement_block [(function_declaration) (class_declaration)] @d)
"""
READS = javascript_definitions.READS | javascript_modules.READS
_EVERYWHERE = frozenset(
    (
        "assignment_expression",
        "call_expression",
        "required_parameter",
        "optional_parameter",
        "import_statement",
    )
)
_BODIES = frozenset(("class_declaration", "function_declaration", "generator_function_declaration"))

GRAMMARS = {
    "javascript": Grammar(
        JAVASCRIPT + FIELDS, READS, _EVERYWHERE, _BODIES, LOCALS, javascript_definitions.names
    ),
    "typescript": Grammar(
        JAVASCRIPT + TYPESCRIPT, READS, _EVERYWHERE, _BODIES, LOCALS, javascript_definitions.names
    ),
}
GRAMMARS["javascriptreact"] = GRAMMARS["javascript"]
GRAMMARS["typescriptreact"] = GRAMMARS["typescript"]
