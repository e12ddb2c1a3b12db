//! Text search as the `~` operator does it: every word or quoted phrase of the query must occur, `*` and `?` are wild.

/// A compiled search text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextQuery {
    terms: Vec<Vec<Pattern>>,
}

/// One word to look for, in lower case; wildcards kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    text: Vec<char>,
    is_wild: bool,
}

impl TextQuery {
    /// Compiles a search text. Words outside quotes are separate terms; words inside quotes must follow one another.
    pub fn new(text: &str) -> Self {
        let mut terms = Vec::new();
        for (index, part) in text.split('"').enumerate() {
            let is_phrase = index % 2 == 1;
            if is_phrase {
                let phrase: Vec<Pattern> = words(part, true).map(|word| Pattern::new(&word)).collect();
                if !phrase.is_empty() {
                    terms.push(phrase);
                }
                continue;
            }
            for chunk in part.split_whitespace() {
                // A chunk such as `foo-bar` is split by the index into neighbouring words, hence a phrase.
                let phrase: Vec<Pattern> = words(chunk, true).map(|word| Pattern::new(&word)).collect();
                if !phrase.is_empty() {
                    terms.push(phrase);
                }
            }
        }
        Self { terms }
    }

    /// Does every term occur in `text`? A query without any word matches nothing.
    pub fn matches(&self, text: &str) -> bool {
        if self.terms.is_empty() {
            return false;
        }
        let found: Vec<String> = words(text, false).collect();
        self.terms.iter().all(|phrase| contains_phrase(&found, phrase))
    }
}

impl Pattern {
    fn new(word: &str) -> Self {
        let is_wild = word.contains(['*', '?']);
        Self { text: word.chars().collect(), is_wild }
    }

    fn matches(&self, word: &str) -> bool {
        if self.is_wild {
            return wildcard_match(&self.text, word);
        }
        word.chars().eq(self.text.iter().copied())
    }
}

/// Splits into lower-case words of letters and digits; with `keep_wildcards`, `*` and `?` belong to words too.
fn words(text: &str, keep_wildcards: bool) -> impl Iterator<Item = String> {
    text.split(move |character: char| {
        !(character.is_alphanumeric() || (keep_wildcards && matches!(character, '*' | '?')))
    })
    .filter(|word| word.chars().any(char::is_alphanumeric))
    .map(str::to_lowercase)
}

fn contains_phrase(words: &[String], phrase: &[Pattern]) -> bool {
    words
        .windows(phrase.len())
        .any(|window| window.iter().zip(phrase).all(|(word, pattern)| pattern.matches(word)))
}

/// Classic two-pointer wildcard match: linear in practice, never recursive.
fn wildcard_match(pattern: &[char], word: &str) -> bool {
    let word: Vec<char> = word.chars().collect();
    let (mut at_pattern, mut at_word) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at_word < word.len() {
        match pattern.get(at_pattern) {
            Some('*') => {
                retry = Some((at_pattern, at_word));
                at_pattern += 1;
            }
            Some(&character) if character == '?' || character == word[at_word] => {
                at_pattern += 1;
                at_word += 1;
            }
            _ => {
                let Some((star, consumed)) = retry else {
                    return false;
                };
                retry = Some((star, consumed + 1));
                at_pattern = star + 1;
                at_word = consumed + 1;
            }
        }
    }
    pattern[at_pattern..].iter().all(|&character| character == '*')
}
