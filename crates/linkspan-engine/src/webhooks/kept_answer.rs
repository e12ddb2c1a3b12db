//! What is kept of an endpoint's answer: text, without what was sent to it and without secrets. The log outlives records,
//! so an endpoint that echoes what it got must not bring them into it (hazards L10, G4).

use std::collections::HashSet;

/// So many bytes in a row that stand in the request too are an echo.
const ECHO: usize = 12;
/// What stands in place of what is left out.
const LEFT_OUT: &str = "[…]";
/// What secrets of ours begin with.
const SECRETS: [&str; 10] =
    ["lsa_", "lsk_", "lsp_", "lsl_", "lss_", "lsb_", "lsd_", "whsec_", "Bearer ", "eyJ"];

/// The text to keep of an answer to this request; `None` when it is empty.
pub(super) fn kept(answer: &[u8], request: &[u8]) -> Option<String> {
    if answer.is_empty() {
        return None;
    }
    let mut hidden = vec![false; answer.len()];
    hide_echoes(answer, request, &mut hidden);
    hide_secrets(answer, &mut hidden);
    let mut kept = Vec::with_capacity(answer.len());
    let mut was_hidden = false;
    for (byte, is_hidden) in answer.iter().zip(&hidden) {
        if !is_hidden {
            kept.push(*byte);
        } else if !was_hidden {
            kept.extend_from_slice(LEFT_OUT.as_bytes());
        }
        was_hidden = *is_hidden;
    }
    let text = String::from_utf8_lossy(&kept);
    // PostgreSQL takes no NUL in texts, and nobody wants control characters on a terminal.
    let clean = text.chars().map(|it| if it.is_control() && it != '\n' && it != '\t' { ' ' } else { it });
    Some(clean.collect())
}

/// Marks what the request holds too.
fn hide_echoes(answer: &[u8], request: &[u8], hidden: &mut [bool]) {
    let windows: HashSet<&[u8]> = answer.windows(ECHO).collect();
    // Of the long request only what stands in the short answer is remembered.
    let echoed: HashSet<&[u8]> = request.windows(ECHO).filter(|window| windows.contains(window)).collect();
    for (start, window) in answer.windows(ECHO).enumerate() {
        if echoed.contains(window) {
            hidden[start..start + ECHO].fill(true);
        }
    }
}

/// Marks what looks like a secret: a known beginning and what follows without a break.
fn hide_secrets(answer: &[u8], hidden: &mut [bool]) {
    for prefix in SECRETS {
        let places =
            answer.windows(prefix.len()).enumerate().filter(|(_, window)| *window == prefix.as_bytes());
        for (start, _) in places {
            let rest = &answer[start + prefix.len()..];
            let length = rest
                .iter()
                .take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=_-.".contains(byte))
                .count();
            hidden[start..start + prefix.len() + length].fill(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn g4_what_an_endpoint_echoes_is_not_kept() {
        let request = br#"{"data":{"record":{"name":"Salaries of the board"}}}"#;
        let answer = br#"rejected: {"name":"Salaries of the board"} is not wanted"#;
        let kept = kept(answer, request).unwrap();
        assert!(!kept.contains("Salaries") && !kept.contains("board"), "{kept}");
        assert!(kept.starts_with("rejected: ") && kept.ends_with(" is not wanted"), "{kept}");
    }

    #[test]
    fn l10_secrets_in_an_answer_are_not_kept() {
        let answer = b"bad key whsec_c2VjcmV0+/= and lsa_abcDEF123, got Bearer canary.token";
        let kept = kept(answer, b"").unwrap();
        assert_eq!(kept, "bad key […] and […], got […]");
    }

    #[test]
    fn an_answer_that_is_no_text_is_kept_as_far_as_it_is() {
        assert_eq!(kept(b"", b"x"), None);
        assert_eq!(kept(b"a\0b\x1b[1m\xff", b"").unwrap(), "a b [1m\u{fffd}");
    }

    proptest! {
        #[test]
        fn nothing_of_a_request_is_kept_whole(request in "[a-z ]{12,200}", before in ".{0,40}", after in ".{0,40}") {
            let answer = format!("{before}{request}{after}");
            let kept = kept(answer.as_bytes(), request.as_bytes()).unwrap();
            prop_assert!(!kept.contains(&request));
        }
    }
}
