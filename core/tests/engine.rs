//! The layers together, without Python: grammars as plain data, texts, masks.

use std::sync::Arc;

use constrain_core::error::Error;
use constrain_core::form::{ExpressionForm, GrammarForm, GuardForm, OptionForm, SymbolForm};
use constrain_core::limits::Limits;
use constrain_core::matcher::{Compiled, Matcher};
use constrain_core::vocabulary::Vocabulary;

const EOS: u32 = 256;

fn byte_vocabulary(extra: &[&[u8]]) -> Arc<Vocabulary> {
    let mut tokens: Vec<Option<Box<[u8]>>> = (0..=255u8).map(|byte| Some([byte][..].into())).collect();
    tokens.push(None);
    tokens.extend(extra.iter().map(|&token| Some(token.into())));
    Arc::new(Vocabulary::new(tokens, &[EOS], None).unwrap())
}

/// Terminals are literals; rules refer to terminals (0..) and then to rules, in order.
fn form(literals: &[&str], rules: &[&[&[usize]]]) -> GrammarForm {
    let expressions = literals
        .iter()
        .map(|text| ExpressionForm::Literal(text.as_bytes().to_vec()))
        .collect();
    let terminals = literals
        .iter()
        .enumerate()
        .map(|(expression, text)| SymbolForm::Terminal {
            name: (*text).into(),
            expression,
            guard: GuardForm::Anywhere,
        });
    let rules = rules.iter().enumerate().map(|(index, alternatives)| SymbolForm::Rule {
        name: format!("rule{index}"),
        alternatives: alternatives.iter().map(|body| body.to_vec()).collect(),
    });
    GrammarForm {
        expressions,
        symbols: terminals.chain(rules).collect(),
        start: literals.len(),
        lexing: None,
    }
}

fn matcher(form: GrammarForm) -> Matcher {
    let compiled = Compiled::new(form, byte_vocabulary(&[]), Limits::default()).unwrap();
    Arc::new(compiled).matcher().unwrap()
}

fn accepts(form: &GrammarForm, text: &str) -> bool {
    let mut matcher = matcher(form.clone());
    matcher.accept_bytes(text.as_bytes()).unwrap() && matcher.current().accepting
}

#[test]
fn left_right_and_hidden_left_recursion() {
    // a: 0, b: 1
    let left = form(&["a"], &[&[&[1, 0], &[0]]]);
    let right = form(&["a"], &[&[&[0, 1], &[0]]]);
    // S -> E S b | b ; E -> "" | a
    let hidden = form(&["a", "b"], &[&[&[3, 2, 1], &[1]], &[&[], &[0]]]);
    for text in ["a", "aaaa"] {
        assert!(accepts(&left, text) && accepts(&right, text));
    }
    assert!(!accepts(&left, "") && !accepts(&right, "ab"));
    for (text, expected) in [
        ("b", true),
        ("bb", true),
        ("abb", true),
        ("aabbb", true),
        ("ab", false),
        ("abbb", true),
    ] {
        assert_eq!(accepts(&hidden, text), expected, "{text}");
    }
}

#[test]
fn cyclic_and_ambiguous_rules_end() {
    // S -> S | T | S S ; T -> S | a | ""
    let cyclic = form(&["a"], &[&[&[1], &[2], &[1, 1]], &[&[1], &[0], &[]]]);
    for count in 0..8 {
        assert!(accepts(&cyclic, &"a".repeat(count)));
    }
    assert!(!accepts(&cyclic, "b"));
}

#[test]
fn overlapping_terminals_are_all_kept() {
    // S -> X Y ; X -> foo | foobar ; Y -> bar | ""
    let grammar = form(&["foo", "foobar", "bar"], &[&[&[4, 5]], &[&[0], &[1]], &[&[2], &[]]]);
    for text in ["foo", "foobar", "foobarbar"] {
        assert!(accepts(&grammar, text), "{text}");
    }
}

#[test]
fn dead_branches_are_never_offered() {
    // S -> a | b U ; U -> c U: U derives nothing
    let grammar = form(&["a", "b", "c"], &[&[&[0], &[1, 4]], &[&[2, 4]]]);
    assert_eq!(matcher(grammar).next_bytes().unwrap(), b"a");
    let nothing = form(&["c"], &[&[&[0, 1]]]);
    let error = Compiled::new(nothing, byte_vocabulary(&[]), Limits::default()).err();
    assert!(matches!(error, Some(Error::Unsatisfiable(_))));
}

#[test]
fn a_mask_agrees_with_accept_token() {
    // S -> ( S ) S | ""
    let grammar = form(&["(", ")"], &[&[&[0, 2, 1, 2], &[]]]);
    let extra: [&[u8]; 6] = [b"()", b"))", b"(((", b")(", b"())", b"(x"];
    let vocabulary = byte_vocabulary(&extra);
    let compiled = Arc::new(Compiled::new(grammar, vocabulary.clone(), Limits::default()).unwrap());
    for prefix in ["", "(", "()", "(()", "((", "(())"] {
        let mut at = compiled.matcher().unwrap();
        assert!(at.accept_bytes(prefix.as_bytes()).unwrap());
        assert_mask_agrees(&at, &vocabulary);
        let rest = at.shortest_completion().unwrap();
        assert!(at.accept_bytes(&rest).unwrap() && at.current().accepting);
    }
}

fn assert_mask_agrees(at: &Matcher, vocabulary: &Vocabulary) {
    let mut words = vec![0; vocabulary.words()];
    at.fill_mask(&mut words).unwrap();
    for id in 0..vocabulary.vocab_size as u32 {
        let allowed = words[id as usize / 32] >> (id % 32) & 1 == 1;
        assert_eq!(at.clone().accept_token(id).unwrap(), allowed, "token {id}");
    }
}

#[test]
fn texts_leave_a_lexeme_also_where_it_cannot_end() {
    // S -> A B ; A -> a(bc)* ; B -> b[xc]* : in "abx" A could have gone on with b, but not with x
    let expressions = [
        ExpressionForm::Literal(b"a".to_vec()),
        ExpressionForm::Literal(b"bc".to_vec()),
        ExpressionForm::Repeat(1, 0, None),
        ExpressionForm::Concat(vec![0, 2]),
        ExpressionForm::Literal(b"b".to_vec()),
        ExpressionForm::CharClass(vec![
            (u32::from(b'c'), u32::from(b'c')),
            (u32::from(b'x'), u32::from(b'x')),
        ]),
        ExpressionForm::Repeat(5, 0, None),
        ExpressionForm::Concat(vec![4, 6]),
    ];
    let terminal = |name: &str, expression| SymbolForm::Terminal {
        name: name.into(),
        expression,
        guard: GuardForm::Anywhere,
    };
    let rule = SymbolForm::Rule {
        name: "S".into(),
        alternatives: vec![vec![0, 1]],
    };
    let grammar = GrammarForm {
        expressions: expressions.to_vec(),
        symbols: vec![terminal("A", 3), terminal("B", 7), rule],
        start: 2,
        lexing: None,
    };
    let extra: [&[u8]; 8] = [b"abx", b"abcbx", b"abcbcx", b"bx", b"bcbcbx", b"cbx", b"abcx", b"abb"];
    let vocabulary = byte_vocabulary(&extra);
    let compiled = Arc::new(Compiled::new(grammar, vocabulary.clone(), Limits::default()).unwrap());
    for prefix in ["", "a", "ab", "abc", "abcb", "abcbc"] {
        let mut at = compiled.matcher().unwrap();
        assert!(at.accept_bytes(prefix.as_bytes()).unwrap());
        assert_mask_agrees(&at, &vocabulary);
    }
}

#[test]
fn a_numeral_may_follow_letters_in_one_lexeme() {
    let expressions = vec![
        ExpressionForm::CharClass(vec![(u32::from(b'a'), u32::from(b'z'))]),
        ExpressionForm::Repeat(0, 0, None),
        ExpressionForm::Multiple {
            divisor: 7,
            places: Some(0),
        },
        ExpressionForm::Concat(vec![1, 2]),
    ];
    let symbols = vec![SymbolForm::Terminal {
        name: "T".into(),
        expression: 3,
        guard: GuardForm::Anywhere,
    }];
    let grammar = GrammarForm {
        expressions,
        symbols,
        start: 0,
        lexing: None,
    };
    let vocabulary = byte_vocabulary(&[b"a1", b"a14", b"15", b"ab", b"b7a", b"77"]);
    let compiled = Arc::new(Compiled::new(grammar, vocabulary.clone(), Limits::default()).unwrap());
    for prefix in ["", "a", "ab1", "7"] {
        let mut at = compiled.matcher().unwrap();
        assert!(at.accept_bytes(prefix.as_bytes()).unwrap());
        assert_mask_agrees(&at, &vocabulary);
    }
}

#[test]
fn masks_known_from_one_depth_serve_at_others() {
    // S -> ( S ) S | [ S ] | xyz | "": several lexemes in progress, more depths than are remembered of late
    let grammar = form(&["(", ")", "[", "]", "xyz"], &[&[&[0, 5, 1, 5], &[2, 5, 3], &[4], &[]]]);
    let extra: [&[u8]; 6] = [b"()", b"))", b"(((", b"])", b"xy", b"z)"];
    let vocabulary = byte_vocabulary(&extra);
    let compile = || Arc::new(Compiled::new(grammar.clone(), vocabulary.clone(), Limits::default()).unwrap());
    let shared = compile();
    let words = || vec![u32::MAX; vocabulary.words()];
    for depth in (0..1_000).chain([3, 700]) {
        let text = [b"(".repeat(depth), b"xyz".repeat(depth % 3 / 2)].concat();
        let at = |compiled: &Arc<Compiled>| {
            let mut at = compiled.matcher().unwrap();
            assert!(at.accept_bytes(&text).unwrap());
            at
        };
        let (here, mut known) = (at(&shared), words());
        // made or known, and asked for again
        for _ in 0..3 {
            if !here.fill_known_mask(&mut known) {
                assert!(depth < 20, "{depth}");
                assert_eq!(known, words());
                here.fill_mask(&mut known).unwrap();
            }
            if depth % 100 < 8 {
                let mut expected = words();
                at(&compile()).fill_mask(&mut expected).unwrap();
                assert_eq!(known, expected, "{depth}");
            }
        }
    }
}

#[test]
fn counted_repetition_of_symbols() {
    for (minimum, maximum) in [
        (0, Some(0)),
        (0, Some(3)),
        (2, Some(5)),
        (9, Some(30)),
        (0, Some(100)),
        (3, None),
        (20, None),
    ] {
        let mut grammar = form(&["a", ","], &[]);
        grammar.symbols.push(SymbolForm::Repeat {
            name: "list".into(),
            symbol: 0,
            minimum,
            maximum,
            separator: Some(1),
        });
        for count in 0..120u32 {
            let text = vec!["a"; count as usize].join(",");
            let expected = count >= minimum && maximum.is_none_or(|most| count <= most);
            assert_eq!(accepts(&grammar, &text), expected, "{minimum}..{maximum:?}: {count}");
        }
    }
}

#[test]
fn a_bound_of_a_million_is_small() {
    let mut grammar = form(&["a"], &[]);
    grammar.symbols.push(SymbolForm::Repeat {
        name: "list".into(),
        symbol: 0,
        minimum: 2,
        maximum: Some(1_000_000),
        separator: None,
    });
    let mut list = matcher(grammar);
    assert!(list.accept_bytes(&b"a".repeat(5_000)).unwrap());
    assert!(list.current().accepting);
}

#[test]
fn right_recursion_is_linear() {
    let right = form(&["a"], &[&[&[0, 1], &[0]]]);
    let limits = Limits {
        max_items: 50,
        ..Limits::default()
    };
    let compiled = Arc::new(Compiled::new(right, byte_vocabulary(&[]), limits).unwrap());
    assert!(compiled.matcher().unwrap().accept_bytes(&b"a".repeat(20_000)).unwrap());
}

#[test]
fn right_recursion_makes_one_node() {
    // S -> ( S ] | T ; T -> - T | + T | a : operators before an operand, inside brackets that have to be closed
    let grammar = form(
        &["(", "]", "-", "+", "a"],
        &[&[&[0, 5, 1], &[6]], &[&[2, 6], &[3, 6], &[4]]],
    );
    let compiled = Arc::new(Compiled::new(grammar, byte_vocabulary(&[]), Limits::default()).unwrap());
    let nodes = || {
        compiled
            .statistics()
            .iter()
            .find(|(name, _)| *name == "parser_nodes")
            .map(|&(_, count)| count)
    };
    let mut matcher = compiled.matcher().unwrap();
    assert!(matcher.accept_bytes(b"((-+").unwrap());
    let before = nodes();
    assert!(matcher.accept_bytes(&b"-+".repeat(1_000)).unwrap());
    assert_eq!(nodes(), before);
    assert!(!matcher.clone().accept_bytes(b"a]]]").unwrap());
    assert!(matcher.accept_bytes(b"a]]").unwrap() && matcher.current().accepting);
}

#[test]
fn rollback_and_stop() {
    let grammar = form(&["ab"], &[&[&[0]]]);
    let mut at = matcher(grammar);
    assert!(!at.accept_token(EOS).unwrap());
    assert!(at.accept_token(u32::from(b'a')).unwrap());
    assert!(!at.accept_token(u32::from(b'a')).unwrap());
    assert!(at.accept_token(u32::from(b'b')).unwrap());
    assert!(at.accept_token(EOS).unwrap() && at.current().terminated);
    let mut words = vec![u32::MAX; 9];
    at.fill_mask(&mut words).unwrap();
    assert_eq!(words, [0; 9]);
    assert!(at.rollback(2) && !at.rollback(2));
    assert_eq!(at.forced_bytes().unwrap(), b"b");
    assert_eq!(at.forced_tokens().unwrap(), [u32::from(b'b')]);
}

/// start: more rest; more: more unit | unit. The rest may begin after each unit.
fn rest_after_any_number(unit: ExpressionForm, rest: Vec<ExpressionForm>) -> GrammarForm {
    let mut grammar = form(&["", ""], &[&[&[3, 1]], &[&[3, 0], &[0]]]);
    grammar.expressions = vec![unit];
    grammar.expressions.extend(rest);
    let name = "T".into();
    let expression = grammar.expressions.len() - 1;
    grammar.symbols[1] = SymbolForm::Terminal {
        name,
        expression,
        guard: GuardForm::Anywhere,
    };
    grammar
}

#[test]
fn forced_text_that_reads_in_many_ways_is_told_in_parts() {
    // ab: 0; more: ab+, or ab in a palindrome, or in any tree; start: more (ab){2^32 - 2,}
    let unit = ExpressionForm::Literal(b"ab".to_vec());
    let row = rest_after_any_number(unit, vec![ExpressionForm::Repeat(0, u32::MAX - 1, None)]);
    let [mut palindromes, mut trees] = [row.clone(), row.clone()];
    for (grammar, body) in [(&mut palindromes, vec![0, 3, 0]), (&mut trees, vec![3, 3])] {
        let name = "more".into();
        let alternatives = vec![body, vec![0]];
        grammar.symbols[3] = SymbolForm::Rule { name, alternatives };
    }
    for grammar in [row, palindromes, trees] {
        let mut at = matcher(grammar);
        let forced = at.forced_bytes().unwrap();
        assert!(forced.len() > 100 && b"ab".repeat(2_048).starts_with(&forced));
        // what is known by now changes nothing
        assert!(at.clone().accept_bytes(&forced).unwrap());
        assert_eq!(at.forced_bytes().unwrap(), forced);
        assert_eq!(
            at.forced_tokens().unwrap(),
            forced.iter().map(|&byte| u32::from(byte)).collect::<Vec<_>>()
        );
        assert!(at.accept_bytes(&forced).unwrap());
        assert!(!at.forced_bytes().unwrap().is_empty());
    }
}

#[test]
fn many_threads_that_become_alike_are_one() {
    // start: a+ a{0,99}cd
    let literal = |text: &[u8]| ExpressionForm::Literal(text.to_vec());
    let rest = vec![
        ExpressionForm::Repeat(0, 0, Some(99)),
        literal(b"cd"),
        ExpressionForm::Concat(vec![1, 2]),
    ];
    let mut at = matcher(rest_after_any_number(literal(b"a"), rest));
    assert!(at.accept_bytes(&b"a".repeat(90)).unwrap());
    assert!(at.current().threads.len() > 80);
    assert!(at.accept_bytes(b"c").unwrap());
    assert_eq!(at.current().threads.len(), 1);
    assert_eq!(at.forced_bytes().unwrap(), b"d");
}

#[test]
fn ambiguity_ends_in_a_limit() {
    // a palindrome keeps every place where one may have begun; a tree is found in many ways
    let palindromes = form(&["a"], &[&[&[0, 1, 0], &[0]]]);
    let trees = form(&["a"], &[&[&[1, 1], &[0]]]);
    let limits = [
        (
            "max_parser_nodes",
            &palindromes,
            Limits {
                max_parser_nodes: 1_000,
                ..Limits::default()
            },
        ),
        (
            "max_items",
            &trees,
            Limits {
                max_items: 1_100,
                ..Limits::default()
            },
        ),
        (
            "max_mask_steps",
            &trees,
            Limits {
                max_mask_steps: 10_000,
                ..Limits::default()
            },
        ),
    ];
    for (name, grammar, limits) in limits {
        let compiled = Compiled::new(grammar.clone(), byte_vocabulary(&[b"aaaaaaaa"]), limits).unwrap();
        let mut at = Arc::new(compiled).matcher().unwrap();
        let mut words = vec![0; 9];
        let error = (0..540).find_map(|_| {
            let filled = at.fill_mask(&mut words);
            filled.and_then(|()| at.accept_bytes(b"a")).err()
        });
        assert!(
            matches!(error, Some(Error::Limit { budget, .. }) if budget == name),
            "{name}: {error:?}"
        );
        assert!(at.steps() > 50, "{name}");
    }
}

/// Members: each option's symbol, and whether it is unique.
fn members(options: &[(usize, bool)], separator: Option<usize>, minimum: u32, maximum: Option<u32>) -> SymbolForm {
    let option = |&(symbol, unique): &(usize, bool)| OptionForm {
        symbol,
        required: false,
        unique,
        group: None,
        sets: vec![],
    };
    SymbolForm::Members {
        name: "members".into(),
        options: options.iter().map(option).collect(),
        separator,
        ordered: false,
        minimum,
        maximum,
        choices: vec![],
    }
}

#[test]
fn empty_members_are_not_counted() {
    // a: 0, comma: 1, E -> a | "": 2, optional comma: 3
    for (minimum, maximum) in [(u32::MAX - 1, None), (0, Some(4_000_000)), (4_000_000, Some(4_000_000))] {
        let mut grammar = form(&["a", ","], &[&[&[0], &[]], &[&[1], &[]]]);
        let options = [(2, true), (2, false)];
        grammar.symbols.push(members(&options, Some(3), minimum, maximum));
        grammar.start = 4;
        for text in ["", "a", ",", "aaa", ",,a", "a,,aa,"] {
            assert!(accepts(&grammar, text), "{minimum} {maximum:?} {text}");
        }
    }
}

#[test]
fn empty_members_are_counted_between_separators() {
    // a: 0, comma: 1, E -> a | "": 2; two to three members
    let mut grammar = form(&["a", ","], &[&[&[0], &[]]]);
    let options = [(2, false), (0, true)];
    grammar.symbols.push(members(&options, Some(1), 2, Some(3)));
    grammar.start = 3;
    let cases = [
        ("", false),
        ("a", false),
        (",", true),
        ("a,", true),
        (",,a", true),
        (",,,", false),
    ];
    for (text, expected) in cases {
        assert_eq!(accepts(&grammar, text), expected, "{text}");
    }
}

#[test]
fn too_many_sets_of_empty_members_end_in_a_limit() {
    // each of 40 may come once and be empty: 2^40 sets of them
    let rules: Vec<&[&[usize]]> = vec![&[&[0], &[]]; 40];
    let mut grammar = form(&["a"], &rules);
    let options: Vec<(usize, bool)> = (1..=40).map(|rule| (rule, true)).collect();
    grammar.symbols.push(members(&options, None, 20, None));
    grammar.start = 41;
    let limits = Limits {
        max_items: 1_000,
        ..Limits::default()
    };
    let error = Compiled::new(grammar, byte_vocabulary(&[]), limits).err();
    assert!(matches!(
        error,
        Some(Error::Limit {
            budget: "max_items",
            ..
        })
    ));
}

#[test]
fn a_completion_does_not_go_round_in_a_frame() {
    // S -> b F; F: one or more of F and a, which are equally short
    let mut grammar = form(&["a", "b"], &[&[&[1, 3]]]);
    grammar.symbols.push(members(&[(3, false), (0, false)], None, 1, None));
    grammar.start = 2;
    assert_eq!(matcher(grammar).shortest_completion().unwrap(), b"ba");
}

#[test]
fn a_long_completion_repeats_its_members() {
    // ab: 0, comma: 1, b: 2; S -> b F; E -> "", X -> E ab; F: a million times X, between commas
    let mut grammar = form(&["ab", ",", "b"], &[&[&[2, 6]], &[&[]], &[&[4, 0]]]);
    grammar.symbols.push(members(&[(5, false)], Some(1), 1_000_000, None));
    grammar.start = 3;
    let text = matcher(grammar).shortest_completion().unwrap();
    assert_eq!(text.len(), 3_000_000);
    assert_eq!(text[..7], *b"bab,ab,");
    assert!(text[1..].chunks(3).all(|part| part == b"ab," || part == b"ab"));
}

#[test]
fn a_long_completion_repeats_its_parts() {
    // (c(ab){3,5}){2000000,}
    let mut grammar = form(&["ab"], &[]);
    grammar.expressions.extend([
        ExpressionForm::Repeat(0, 3, Some(5)),
        ExpressionForm::Literal(b"c".to_vec()),
        ExpressionForm::Concat(vec![2, 1]),
        ExpressionForm::Repeat(3, 2_000_000, None),
    ]);
    let name = "T".into();
    grammar.symbols[0] = SymbolForm::Terminal {
        name,
        expression: 4,
        guard: GuardForm::Anywhere,
    };
    grammar.start = 0;
    let text = matcher(grammar).shortest_completion().unwrap();
    assert_eq!(text.len(), 14_000_000);
    assert!(text.chunks(7).all(|part| part == b"cababab"));
}

#[test]
fn a_length_beside_a_pattern_leaves_out_bytes_that_lead_nowhere() {
    // [0-z][a-z]{2,} & [0-z]{0,3}
    let mut grammar = form(&["a"], &[]);
    grammar.expressions = vec![
        ExpressionForm::CharClass(vec![(0x30, 0x7A)]),
        ExpressionForm::CharClass(vec![(0x61, 0x7A)]),
        ExpressionForm::Repeat(1, 2, None),
        ExpressionForm::Concat(vec![0, 2]),
        ExpressionForm::Repeat(0, 0, Some(3)),
        ExpressionForm::Intersection(vec![3, 4]),
    ];
    let name = "T".into();
    grammar.symbols[0] = SymbolForm::Terminal {
        name,
        expression: 5,
        guard: GuardForm::Anywhere,
    };
    grammar.start = 0;
    let letters: Vec<u8> = (b'a'..=b'z').collect();
    let mut at = matcher(grammar);
    for _ in 0..2 {
        assert!(at.accept_bytes(b"a").unwrap());
        assert_eq!(at.next_bytes().unwrap(), letters);
    }
    assert!(at.accept_bytes(b"a").unwrap() && at.current().accepting);
    assert!(at.next_bytes().unwrap().is_empty());
}

#[test]
fn a_completion_longer_than_any_number_is_too_large() {
    // (((ab){n}){n}), n = 2^32 - 2
    let mut grammar = form(&["ab"], &[&[&[0]]]);
    grammar.expressions.extend([
        ExpressionForm::Repeat(0, u32::MAX - 1, None),
        ExpressionForm::Repeat(1, u32::MAX - 1, None),
    ]);
    let name = "T".into();
    grammar.symbols[0] = SymbolForm::Terminal {
        name,
        expression: 2,
        guard: GuardForm::Anywhere,
    };
    let error = matcher(grammar).shortest_completion().err();
    assert!(matches!(error, Some(Error::TooLarge { .. })));
}

#[test]
fn a_sequence_does_not_use_up_the_budgets_of_others() {
    // [ab]*a[ab]{16}: nearly every text of 16 letters is a lexer state of its own
    let mut grammar = form(&["a"], &[]);
    grammar.expressions.extend([
        ExpressionForm::CharClass(vec![(0x61, 0x62)]),
        ExpressionForm::Repeat(1, 0, None),
        ExpressionForm::Repeat(1, 16, Some(16)),
        ExpressionForm::Concat(vec![2, 0, 3]),
    ]);
    let name = "T".into();
    grammar.symbols[0] = SymbolForm::Terminal {
        name,
        expression: 4,
        guard: GuardForm::Anywhere,
    };
    grammar.start = 0;
    let limits = Limits {
        max_lexer_states: 300,
        ..Limits::default()
    };
    let compiled = Arc::new(Compiled::new(grammar, byte_vocabulary(&[]), limits).unwrap());
    let mut seed = 1u32;
    let mut letter = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (seed >> 31) as u8
    };
    let mut greedy = compiled.matcher().unwrap();
    let long: Vec<u8> = (0..1_000).map(|_| letter()).collect();
    assert!(matches!(greedy.accept_bytes(&long), Err(Error::Limit { .. })));
    for _ in 0..50 {
        let short: Vec<u8> = (0..40).map(|_| letter()).collect();
        assert!(compiled.matcher().unwrap().accept_bytes(&short).unwrap());
    }
    greedy.reset().unwrap();
    assert!(greedy.accept_bytes(&long[..40]).unwrap());
}

/// `S -> S S | a | b | ""`, and a text of many slices.
fn ambiguous() -> (Matcher, Vec<u8>) {
    let text = (0..400u32).map(|index| if index % 7 < 3 { b'a' } else { b'b' });
    (
        matcher(form(&["a", "b"], &[&[&[2, 2], &[0], &[1], &[]]])),
        text.collect(),
    )
}

#[test]
fn a_text_that_is_interrupted_has_changed_nothing() {
    let (mut at, text) = ambiguous();
    assert!(at.accept_bytes(b"ab").unwrap());
    let before = at.current().clone();
    let ids: Vec<u32> = text.iter().map(|&byte| byte.into()).collect();
    let mut pauses = 0;
    let mut pause = || {
        pauses += 1;
        if pauses % 3 == 0 {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    };
    assert_eq!(at.accept_bytes_in_slices(&text, &mut pause), Err(Error::Interrupted));
    assert_eq!(at.viable_prefix_in_slices(&text, &mut pause), Err(Error::Interrupted));
    assert_eq!(at.validate_tokens_in_slices(&ids, &mut pause), Err(Error::Interrupted));
    assert_eq!(pauses, 9);
    assert_eq!((at.steps(), at.current()), (1, &before));
    assert!(at.accept_bytes(&text).unwrap());
    assert_eq!(at.steps(), 2);
}

#[test]
fn others_may_work_in_a_pause_and_slices_change_no_answer() {
    let (start, mut text) = ambiguous();
    let (mut at, mut other) = (start.clone(), start.clone());
    let mut pauses = 0;
    let mut pause = || {
        pauses += 1;
        assert!(other.accept_bytes(b"ba").unwrap());
        Ok(())
    };
    assert!(at.accept_bytes_in_slices(&text, &mut pause).unwrap());
    assert!(pauses > 3);
    let mut whole = start.clone();
    for &byte in &text {
        assert!(whole.accept_bytes(&[byte]).unwrap());
    }
    assert_eq!(at.current(), whole.current());
    text.extend(b"c!");
    let (start, _) = ambiguous();
    assert_eq!(start.viable_prefix(&text).unwrap(), text.len() - 2);
}

#[test]
fn a_short_text_is_one_slice() {
    let (mut at, text) = ambiguous();
    let mut pause = || panic!("a pause");
    assert!(at.accept_bytes_in_slices(&text[..20], &mut pause).unwrap());
    assert!(at.accept_bytes_in_slices(b"", &mut pause).unwrap());
}

#[test]
fn lumps_are_few_and_found_after_tokens() {
    // "(": 0, ")": 1, "a": 2
    let form = form(&["(", ")", "a"], &[&[&[0, 3, 1], &[2]]]);
    let compiled = Compiled::new(form, byte_vocabulary(&[b"((", b"a)", b"))"]), Limits::default()).unwrap();
    let mut matcher = Arc::new(compiled).matcher().unwrap();
    let ids: Vec<i64> = (-1..261).collect();
    let (mut lumps, mut hashes) = (Vec::new(), Vec::new());
    for text in [&b"("[..]; 50].iter().chain(&[&b"a"[..]]).chain(&[&b")"[..]; 50]) {
        for (&id, &lump) in ids.iter().zip(&matcher.lumps_after(&ids).unwrap()) {
            let mut after = matcher.clone();
            let accepted = id >= 0 && after.accept_token(id as u32).unwrap();
            assert_eq!(lump, if accepted { after.lump().unwrap() } else { 0 });
        }
        lumps.push(matcher.lump().unwrap());
        hashes.push(matcher.state_hash());
        assert!(matcher.accept_bytes(text).unwrap());
    }
    for (list, most) in [(&mut lumps, 8), (&mut hashes, 101)] {
        list.sort_unstable();
        list.dedup();
        assert!(list.len() <= most);
    }
    assert!(hashes.len() > 90);
    assert_eq!(matcher.accepted_tokens(), None);
}
