//! The emoticons of storage format and wiki markup.

/// Name in storage format, notation in wiki markup, character.
const EMOTICONS: [(&str, &str, &str); 25] = [
    ("smile", ":)", "\u{1f642}"),
    ("sad", ":(", "\u{1f641}"),
    ("cheeky", ":P", "\u{1f61b}"),
    ("laugh", ":D", "\u{1f603}"),
    ("wink", ";)", "\u{1f609}"),
    ("thumbs-up", "(y)", "\u{1f44d}"),
    ("thumbs-down", "(n)", "\u{1f44e}"),
    ("information", "(i)", "\u{2139}\u{fe0f}"),
    ("tick", "(/)", "\u{2705}"),
    ("cross", "(x)", "\u{274c}"),
    ("warning", "(!)", "\u{26a0}\u{fe0f}"),
    ("plus", "(+)", "\u{2795}"),
    ("minus", "(-)", "\u{2796}"),
    ("question", "(?)", "\u{2753}"),
    ("light-on", "(on)", "\u{1f4a1}"),
    ("light-off", "(off)", "\u{1f506}"),
    ("yellow-star", "(*)", "\u{2b50}"),
    ("red-star", "(*r)", "\u{2b50}"),
    ("green-star", "(*g)", "\u{2b50}"),
    ("blue-star", "(*b)", "\u{2b50}"),
    ("yellow-star", "(*y)", "\u{2b50}"),
    ("heart", "<3", "\u{2764}\u{fe0f}"),
    ("broken-heart", "</3", "\u{1f494}"),
    ("flag", "(flag)", "\u{1f6a9}"),
    ("flag-off", "(flagoff)", "\u{1f3f3}\u{fe0f}"),
];

/// The character of an `ac:emoticon`.
pub(crate) fn by_name(name: &str) -> Option<&'static str> {
    EMOTICONS.iter().find(|(known, ..)| *known == name).map(|&(_, _, character)| character)
}

/// The emoticon that `text` starts with: how long its notation is, and its character.
pub(crate) fn at_start(text: &str) -> Option<(usize, &'static str)> {
    let found = EMOTICONS.iter().filter(|(_, notation, _)| text.starts_with(notation));
    found.map(|&(_, notation, character)| (notation.len(), character)).max_by_key(|&(length, _)| length)
}
