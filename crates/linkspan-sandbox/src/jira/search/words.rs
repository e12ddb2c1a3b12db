//! Text search: the right side of `~`.

/// Words and phrases that must all be in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    wanted: Vec<Phrase>,
    unwanted: Vec<Phrase>,
}

/// Words in a row; a word may end in `*` or hold `?`.
type Phrase = Vec<String>;

impl Words {
    /// Reads the operand of `~`: words, `"phrases"`, `prefix*`, `+required`, `-excluded`. `None` when nothing is left to
    /// search for.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let negative = rest.starts_with(['-', '!']);
            rest = rest.trim_start_matches(['-', '+', '!']);
            let (part, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
            };
            let phrase = tokens(part, true);
            let connective = !negative && matches!(part, "AND" | "OR");
            if !phrase.is_empty() && !connective {
                if negative { words.unwanted.push(phrase) } else { words.wanted.push(phrase) }
            }
            rest = after.trim_start();
        }
        (!words.wanted.is_empty() || !words.unwanted.is_empty()).then_some(words)
    }

    /// Whether a text has all wanted phrases and none of the unwanted.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let tokens = tokens(text, false);
        let has = |phrase: &Phrase| {
            tokens
                .windows(phrase.len())
                .any(|window| window.iter().zip(phrase).all(|(word, wanted)| matches(wanted, word)))
        };
        self.wanted.iter().all(has) && !self.unwanted.iter().any(has)
    }
}

/// Runs of letters and digits, in lower case.
fn tokens(text: &str, with_wildcards: bool) -> Vec<String> {
    let part_of_word =
        |c: char| c.is_alphanumeric() || c == '_' || (with_wildcards && matches!(c, '*' | '?'));
    text.split(|c: char| !part_of_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether a word matches a pattern with `*` (any run) and `?` (any one); linear in both.
fn matches(pattern: &str, word: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == word;
    }
    let (pattern, word): (Vec<char>, Vec<char>) = (pattern.chars().collect(), word.chars().collect());
    let (mut p, mut w, mut star, mut from) = (0, 0, None, 0);
    while w < word.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some(p);
                from = w;
                p += 1;
            }
            Some(c) if *c == '?' || *c == word[w] => {
                p += 1;
                w += 1;
            }
            _ => {
                let Some(star) = star else { return false };
                p = star + 1;
                from += 1;
                w = from;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_are_found_whole_in_any_order_and_case() {
        let text = "The quick-brown Fox, jumps over_it; Straße";
        let table = [
            ("fox", true),
            ("FOX the", true),
            ("fo", false),
            ("fo*", true),
            ("f?x", true),
            ("*row*", true),
            ("\"brown fox\"", true),
            ("\"fox brown\"", false),
            ("fox -jumps", false),
            ("+fox AND quick", true),
            ("straße", true),
            ("missing", false),
        ];
        for (query, expected) in table {
            assert_eq!(Words::parse(query).expect(query).are_in(text), expected, "{query}");
        }
        assert!(Words::parse("  !!! -- ").is_none());
    }

    #[test]
    fn a_pattern_of_many_stars_is_decided_quickly() {
        let words = Words::parse(&"*a".repeat(2_000)).unwrap();
        assert!(!words.are_in(&"b".repeat(5_000)));
    }
}
