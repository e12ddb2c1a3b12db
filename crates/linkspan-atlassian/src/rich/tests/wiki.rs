//! The constructs of wiki markup.

use super::super::{NoNames, from_wiki};
use super::{AllNames, shown};

fn wiki(sources: &[&str]) -> String {
    shown(sources.iter().copied(), |source| from_wiki(source, &NoNames))
}

#[test]
fn emphasis_and_its_lookalikes() {
    let renderings = wiki(&[
        "*bold* _it_ -del- +ins+ ^sup^ ~sub~ {{mono *x*}} ??cite?? *_both_*",
        "2*3*4 snake_case_name a - b - c well-known x^2 ~/a ~/b f(x) * not bold * List<String> --flag C++ a*b",
        "\\*not bold\\* \\{code} C:\\Users \\\\server",
        "a (/) b (x) :) ;) (!) f(x) http://a.example:80/(x)",
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn paragraphs_headings_quotes_and_rules() {
    let renderings = wiki(&[
        "h2. Title *b*\r\nfirst line\r\n  second line\\\\third\r\n\r\nnext paragraph\r\n----\r\nbq. quoted\r\nend",
        "{quote}\nh3. In\n* a\n\n{quote}\nafter",
        "{panel:title=My title|borderStyle=dashed}\na\n{panel}\n{warning}hot{warning}",
        "{color:red}red *bold*\nstill{color} not {color:#00ff00}green{color}",
        "{quote}never closed {panel} {code} h7. x bq.y",
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn lists() {
    let renderings = wiki(&[
        "* a\n** b\n*# c\ncontinued\n* d\n# one\n# two\n\n- x\n- y",
        "# one\n{code:java}\nint x;\n{code}\n# two\n*** deep",
        "*************** a\n---- b\n*\n-5 degrees",
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn tables() {
    let renderings = wiki(&[
        "||h||i||\n|1|[a|http://a.example]|\n|2|line\nmore|\n\n|x|{code}\na|b\n{code}|",
        "a | b\n| alone\n",
    ]);
    insta::assert_snapshot!(renderings);
}

#[test]
fn code_is_verbatim() {
    let renderings = wiki(&[
        "run:{code:title=A.java|java}\n  *x* [a|b]\n\n  !y!\n{code}then {noformat}{{z}}{noformat} end",
        "{code}unclosed *b*",
        "{CODE}\nUPPER\n{CODE}",
    ]);
    insta::assert_snapshot!(renderings);
}

const REFERENCES: [&str; 2] = [
    "[~u01234] [~accountid:5b10:x] [text|http://a.example/x y] [text|https://a.example/a_b_c] [http://a.example] [www.a.example] [#top] [mail|mailto:a@b.example] [bad|javascript:x] [^log.txt]",
    "!shot 1.png|width=300! !https://a.example/i.png! wow! [ERROR] [] a[0] [INFO] text! http://a.example/c_d_e. (see https://a.example/x)",
];

#[test]
fn a_picture_whose_address_ends_in_a_slash_has_a_name() {
    assert_eq!(from_wiki("!http://a.example/logo/!", &NoNames).text, "logo");
}

#[test]
fn references_without_names() {
    let renderings = wiki(&REFERENCES);
    insta::assert_snapshot!(renderings);
}

#[test]
fn references_with_names() {
    let renderings = shown(REFERENCES, |source| from_wiki(source, &AllNames));
    insta::assert_snapshot!(renderings);
}
