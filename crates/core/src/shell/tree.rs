//! The walk over the syntax tree. Only kinds of node that are known here to change nothing are passed over in silence;
//! every other one is a doubt.

use tree_sitter::Node;
use tree_sitter::Parser;
use tree_sitter::TreeCursor;

use super::Doubt;
use super::Invocation;
use super::Script;
use super::Word;
use super::quoting::is_several;
use super::quoting::text_of;

/// Puts everything that `text` runs into `script`.
pub(super) fn walk(text: &str, script: &mut Script) {
    let mut parser = Parser::new();
    let tree = parser
        .set_language(&tree_sitter_bash::LANGUAGE.into())
        .ok()
        .and_then(|()| parser.parse(ascii_only(text), None));
    let Some(tree) = tree else {
        script.doubts.push(Doubt::Syntax);
        return;
    };
    let root = tree.root_node();
    if root.has_error() || text.contains('\0') {
        script.doubts.push(Doubt::Syntax);
    }
    // To bash only spaces and tabs are blanks; to the parser all white space is.
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
        script.doubts.push(Doubt::Construct("a control character"));
    }
    // A loop over the tree, not a recursion: hostile text may be nested thousands of levels deep.
    let mut cursor = root.walk();
    loop {
        look_at(cursor.node(), text, script);
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            continue;
        }
        if !next_above(&mut cursor) {
            return;
        }
    }
}

/// The same text, byte for byte as long, with a letter for each byte beyond ASCII. The grammar's scanner (tree-sitter-bash
/// 0.25.1) asks C's `isdigit` about whatever character follows a `{`, and reads outside of a table for one beyond Latin-1.
/// To bash these bytes are parts of words like any letter.
fn ascii_only(text: &str) -> Vec<u8> {
    let letter = |byte: u8| if byte.is_ascii() { byte } else { b'u' };
    text.bytes().map(letter).collect()
}

fn next_above(cursor: &mut TreeCursor<'_>) -> bool {
    while cursor.goto_parent() {
        if cursor.goto_next_sibling() {
            return true;
        }
    }
    false
}

fn look_at(node: Node<'_>, text: &str, script: &mut Script) {
    if !node.is_named() {
        return;
    }
    match node.kind() {
        "command" => command(node, text, script),
        "file_redirect" => redirect(node, text, script),
        "heredoc_redirect" => here_document(node, text, script),
        "word" | "string" | "heredoc_body" | "number" | "regex" | "extglob_pattern"
            if misses(node, text) =>
        {
            script.doubts.push(Doubt::Construct(
                "a substitution where the parser sees none",
            ));
        }
        "word" if is_several(text_of(node, text)) => script.doubts.push(Doubt::Syntax),
        "for_statement" | "c_style_for_statement" | "variable_assignment" => {
            assignment(node, text, script);
        }
        "test_command" if may_look_into_subscripts(text_of(node, text)) => {
            script
                .doubts
                .push(Doubt::Construct("a test of what can run commands"));
        }
        kind => {
            if let Some(what) = construct(kind) {
                script.doubts.push(Doubt::Construct(what));
            }
        }
    }
}

/// What a kind of node does to the meaning of others; `None` when nothing.
fn construct(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "program" | "list" | "pipeline" | "subshell" | "compound_statement" | "if_statement" | "elif_clause"
        | "else_clause" | "while_statement" | "do_group" | "case_statement" | "case_item" | "negated_command"
        | "redirected_statement" | "command_substitution" | "process_substitution" | "heredoc_redirect"
        | "herestring_redirect" | "comment"
        // Words and their parts.
        | "command_name" | "word" | "string" | "string_content" | "raw_string" | "ansi_c_string" | "translated_string"
        | "concatenation" | "number" | "simple_expansion" | "variable_name" | "special_variable_name"
        | "file_descriptor" | "heredoc_start" | "heredoc_body" | "heredoc_content" | "heredoc_end" | "extglob_pattern"
        | "regex" | "brace_expression" | "array" | "variable_assignments"
        // A test runs nothing by itself; its arithmetic comes as nodes of its own.
        | "test_command" | "test_operator" | "unary_expression" | "binary_expression"
        | "parenthesized_expression"
        // The root says that there are errors.
        | "ERROR" => return None,
        "function_definition" => "a function, which can take the place of a program",
        "declaration_command" | "unset_command" => "a declaration, which changes what later commands mean",
        "arithmetic_expansion" | "postfix_expression" | "ternary_expression" | "subscript" => {
            "arithmetic, which can run commands"
        }
        "expansion" => "an expansion in braces",
        _ => "a construct that is not known here",
    })
}

fn command(node: Node<'_>, text: &str, script: &mut Script) {
    let mut invocation = Invocation::default();
    let mut cursor = node.walk();
    let mut end = node.start_byte();
    for child in node.named_children(&mut cursor) {
        let gap = Gap::of(text.get(end..child.start_byte()));
        let touches = gap == Gap::Nothing && end > node.start_byte();
        end = child.end_byte();
        if gap == Gap::Something {
            script.doubts.push(Doubt::Syntax);
        }
        let inner = match child.kind() {
            "variable_assignment" => {
                invocation.assigns = true;
                continue;
            }
            "file_redirect" | "herestring_redirect" | "heredoc_redirect" | "comment" => continue,
            "command_name" => child.named_child(0).unwrap_or(child),
            _ => child,
        };
        let word = Word::of(inner, text);
        match invocation.words.last_mut() {
            Some(last) if touches => *last = last.joined(&word),
            None if touches => script.doubts.push(Doubt::Syntax),
            Some(_) | None => invocation.words.push(word),
        }
    }
    if Gap::of(text.get(end..node.end_byte())) == Gap::Something {
        script.doubts.push(Doubt::Syntax);
    }
    match invocation.words.first() {
        Some(Word::Open(name)) => script.doubts.push(Doubt::UnknownName(name.clone())),
        // To zsh, `=rm` is the path of `rm`.
        Some(Word::Literal(name)) if name.is_empty() || name.starts_with(['~', '=']) => {
            script.doubts.push(Doubt::UnknownName(name.clone()));
        }
        Some(Word::Literal(_)) | None => {}
    }
    if !invocation.words.is_empty() {
        script.invocations.push(invocation);
    }
}

/// What stands between two words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Gap {
    /// To the parser, `'pu'\sh` and `pu\<newline>sh` are two words; to bash, what touches is one.
    Nothing,
    Blanks,
    /// The parser passes over a backslash with a blank behind it, and over a `$` by itself.
    Something,
}

impl Gap {
    fn of(between: Option<&str>) -> Self {
        let plain = between.unwrap_or("?").replace("\\\n", "");
        if plain.is_empty() {
            Self::Nothing
        } else if plain.chars().all(|c| matches!(c, ' ' | '\t' | '\n')) {
            Self::Blanks
        } else {
            Self::Something
        }
    }
}

/// A file that output goes to counts as written by the last program before it, or by the one it stands in.
fn redirect(node: Node<'_>, text: &str, script: &mut Script) {
    let mut cursor = node.walk();
    let operator = node
        .children(&mut cursor)
        .find(|child| !child.is_named())
        .map_or("", |child| child.kind());
    // In `a -f2> x` the parser takes `-f2` for the descriptor; to bash it is a word.
    let descriptor = node.child_by_field_name("descriptor");
    let descriptor = descriptor.map_or("", |descriptor| text_of(descriptor, text));
    if !descriptor.bytes().all(|byte| byte.is_ascii_digit()) {
        script.doubts.push(Doubt::Syntax);
    }
    let mut cursor = node.walk();
    let mut targets = node
        .children_by_field_name("destination", &mut cursor)
        .map(|target| Word::of(target, text));
    let Some(target) = targets.next() else {
        // `>&-` closes a descriptor.
        return;
    };
    script.redirected.push(target.text().to_owned());
    // To the parser, words behind a redirection are further targets; to bash they are words of the command.
    add_behind(targets.collect(), script);
    let named = target.text().starts_with("/dev/tcp/") || target.text().starts_with("/dev/udp/");
    if named || (target.literal().is_none() && operator.starts_with('<')) {
        script
            .doubts
            .push(Doubt::Construct("a redirection to somewhere unknown"));
    }
    let writes = operator.contains('>');
    let duplicates = operator.ends_with('&')
        && target
            .literal()
            .is_some_and(|to| to == "-" || to.bytes().all(|byte| byte.is_ascii_digit()));
    if !writes || duplicates || target.literal() == Some("/dev/null") {
        return;
    }
    let file = target.literal().map(str::to_owned);
    // In a tree the program comes before what its output is sent to, but for `> file program`.
    match script.invocations.last_mut() {
        Some(last) => last.writes.push(file),
        None => script.invocations.push(Invocation {
            words: vec![Word::Literal(":".to_owned())],
            writes: vec![file],
            assigns: false,
        }),
    }
}

/// A variable that is set on its own outlives the command, and programs look into many: `PATH`, `LD_PRELOAD`, `GIT_SSH`.
fn assignment(node: Node<'_>, text: &str, script: &mut Script) {
    let for_one_command = node
        .parent()
        .is_some_and(|parent| parent.kind() == "command");
    let name = node
        .child_by_field_name("variable")
        .map(|name| text_of(name, text));
    let harmless_loop = name.is_some_and(|name| {
        name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !TIED.contains(&name)
    });
    let mut cursor = node.walk();
    for value in node.named_children(&mut cursor) {
        if !matches!(value.kind(), "variable_name" | "do_group") {
            let value = Word::of(value, text);
            let words = match &value {
                Word::Literal(text) => text.split_whitespace().collect::<Vec<_>>(),
                Word::Open(written) => {
                    let between = |c: char| c.is_whitespace() || "()\"'`$".contains(c);
                    written.split(between).collect()
                }
            };
            let words = words.into_iter().filter(|word| !word.is_empty());
            script.values.extend(words.map(str::to_owned));
        }
    }
    if !for_one_command && !harmless_loop {
        script.doubts.push(Doubt::Construct(
            "an assignment, which changes what later commands mean",
        ));
    }
}

/// Variables that zsh ties to others that matter: `path` is `PATH`.
const TIED: [&str; 5] = ["cdpath", "fpath", "module_path", "path", "zdotdir"];

/// Arithmetic and `-v` look into what a text holds, and carry out a substitution in a subscript there: whatever they
/// are given has to be plain.
fn may_look_into_subscripts(test: &str) -> bool {
    const ARITHMETIC: [&str; 6] = ["-eq", "-ge", "-gt", "-le", "-lt", "-ne"];
    let bare = test.replace(['"', '\'', '\\'], "");
    let has = |operator: &str| bare.split_whitespace().any(|word| word == operator);
    let looks =
        has("-v") || has("-R") || (test.starts_with("[[") && ARITHMETIC.iter().any(|one| has(one)));
    looks && test.contains(['$', '`', '"', '\'', '\\'])
}

/// Is there a substitution in the text of this node that has no node of its own? In here-documents the parser overlooks
/// backquotes.
fn misses(node: Node<'_>, text: &str) -> bool {
    if node.kind() == "heredoc_body" && is_quoted(node, text) {
        return false;
    }
    let mut cursor = node.walk();
    let mut rest = String::new();
    let mut from = node.start_byte();
    let parsed = node
        .named_children(&mut cursor)
        .filter(|child| !matches!(child.kind(), "string_content" | "heredoc_content"));
    for child in parsed {
        rest.push_str(text.get(from..child.start_byte()).unwrap_or_default());
        from = child.end_byte();
    }
    rest.push_str(text.get(from..node.end_byte()).unwrap_or_default());
    let plain = rest
        .replace("\\\\", "")
        .replace("\\`", "")
        .replace("\\$", "");
    plain.contains('`') || plain.contains("$(")
}

/// A here-document whose delimiter is quoted is taken as it is.
fn is_quoted(body: Node<'_>, text: &str) -> bool {
    let redirect = body.parent();
    let mut cursor = body.walk();
    redirect.is_some_and(|redirect| {
        redirect.named_children(&mut cursor).any(|child| {
            child.kind() == "heredoc_start" && text_of(child, text).contains(['\'', '"', '\\'])
        })
    })
}

/// The parser accepts a here-document without an end, and keeps words of the command behind its beginning for itself.
fn here_document(node: Node<'_>, text: &str, script: &mut Script) {
    let mut cursor = node.walk();
    let has_end = node
        .named_children(&mut cursor)
        .any(|child| child.kind() == "heredoc_end" && !text_of(child, text).is_empty());
    if !has_end {
        script.doubts.push(Doubt::Syntax);
    }
    let mut cursor = node.walk();
    let arguments = node.children_by_field_name("argument", &mut cursor);
    let behind: Vec<Word> = arguments.map(|word| Word::of(word, text)).collect();
    add_behind(behind, script);
}

/// Words of a command that the parser counts to something else: it is in doubt whose they are.
fn add_behind(behind: Vec<Word>, script: &mut Script) {
    if behind.is_empty() {
        return;
    }
    script
        .doubts
        .push(Doubt::Construct("words behind a redirection"));
    if let Some(last) = script.invocations.last_mut() {
        last.words.extend(behind);
    }
}
