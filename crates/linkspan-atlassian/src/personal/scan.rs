//! Account ids in upstream's JSON, found without parsing it: every received text is looked through.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The most characters of an account id.
const LONGEST_ID: usize = 128;
/// Ids in members of many meanings are account ids only if they are at least this long: issues and options have shorter ones.
const SHORTEST_TELLING_ID: usize = 24;

/// Endings of the names of members that hold an account id and nothing else: `accountId`, `leadAccountId`, `authorId`,
/// `ownerId`, `spaceOwnerId`, `lastOwnerId`.
static ACCOUNT_MEMBERS: LazyLock<[Finder<'static>; 4]> =
    LazyLock::new(|| ["ccountId", "account_id", "uthorId", "wnerId"].map(Finder::new));
/// Members that hold an account id among other things: ids of mentions and audited things, both sides of a change of an
/// assignee, holders of permissions.
static MIXED_MEMBERS: LazyLock<[Finder<'static>; 5]> =
    LazyLock::new(|| ["\"id", "\"from", "\"to", "\"parameter", "\"value"].map(Finder::new));
/// An attribute of storage format: `<ri:user ri:account-id="…"/>`.
static ATTRIBUTE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("account-id"));
/// A mention of wiki markup: `[~accountid:…]`.
static WIKI_MENTION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("[~accountid:"));
static ADF_MENTION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mention"));
static ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"id"));

/// Whether the text is an account id that may be stored and reported: 1 to 128 letters, digits, `-` and `:`, and not the
/// literal `unknown` (`atlassian-platform.md` 3).
pub fn is_account_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(is_id_byte) && text != "unknown"
}

/// The accounts that a JSON text names, also within texts that hold markup or further JSON. Every account about which the
/// text can say more than its id is among them.
pub fn accounts_in(json: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for finder in ACCOUNT_MEMBERS.iter() {
        found.extend(values(json, finder, b':').filter(|id| is_account_id(id)));
    }
    for finder in MIXED_MEMBERS.iter() {
        // A list of several accounts is one text too.
        let ids = values(json, finder, b':')
            .filter(|value| value.len() >= SHORTEST_TELLING_ID)
            .flat_map(|value| value.split(|letter: char| !letter.is_ascii() || !is_id_byte(letter as u8)));
        found.extend(ids.filter(|id| is_telling(id)));
    }
    found.extend(in_markup(json));
    found
}

/// The accounts that texts in this JSON mention. It may hold a few more ids, never fewer.
pub fn mentioned_accounts(json: &str) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = in_markup(json).collect();
    if ADF_MENTION.find(json.as_bytes()).is_some() {
        found.extend(values(json, &ID, b':').filter(|id| is_telling(id)));
    }
    found
}

/// Accounts in storage format and wiki markup.
fn in_markup(json: &str) -> impl Iterator<Item = &str> {
    let wiki = WIKI_MENTION.find_iter(json.as_bytes()).map(move |at| {
        let rest = &json.as_bytes()[at + WIKI_MENTION.needle().len()..];
        let length = rest.iter().take(LONGEST_ID + 1).take_while(|byte| is_id_byte(**byte)).count();
        let start = at + WIKI_MENTION.needle().len();
        &json[start..start + length]
    });
    values(json, &ATTRIBUTE, b'=').chain(wiki).filter(|id| is_account_id(id))
}

/// The texts that follow `name`, a separator and an opening quote, however often the quotes are escaped.
fn values<'j>(
    json: &'j str,
    name: &'static Finder<'static>,
    separator: u8,
) -> impl Iterator<Item = &'j str> + use<'j> {
    let bytes = json.as_bytes();
    name.find_iter(bytes).filter_map(move |found| {
        let mut at = found + name.needle().len();
        let skip = |at: &mut usize, wanted: fn(u8) -> bool| {
            while bytes.get(*at).is_some_and(|byte| wanted(*byte)) {
                *at += 1;
            }
        };
        if separator == b':' {
            skip(&mut at, |byte| byte == b'\\');
            (bytes.get(at) == Some(&b'"')).then_some(())?;
            at += 1;
        }
        skip(&mut at, |byte| byte.is_ascii_whitespace());
        (bytes.get(at) == Some(&separator)).then_some(())?;
        at += 1;
        skip(&mut at, |byte| byte.is_ascii_whitespace() || byte == b'\\');
        (bytes.get(at) == Some(&b'"')).then_some(())?;
        at += 1;
        let end = bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        Some(&json[at..at + end])
    })
}

/// Whether an id can be nothing but that of an account: 24 hexadecimal digits, or a UUID behind one or two prefixes.
fn is_telling(id: &str) -> bool {
    let tail = id.rsplit(':').next().unwrap_or_default();
    let is_bare = tail.len() == id.len();
    is_account_id(id)
        && tail.len() >= SHORTEST_TELLING_ID
        && (!is_bare || tail.len() == SHORTEST_TELLING_ID)
        && tail.bytes().all(|byte| byte.is_ascii_hexdigit() || (byte == b'-' && !is_bare))
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':')
}
