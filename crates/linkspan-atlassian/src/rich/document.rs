//! The neutral form all source languages are read into: a flat, well-nested list of events.
//!
//! A flat list instead of a tree of boxes: nothing recurses when it is built, walked or dropped, and a leaf block's
//! inlines are one slice.

use std::borrow::Cow;

use linkspan_model::rich::Loss;

/// Text borrowed from the source where it stands there literally, owned where it had to be decoded.
pub(crate) type Text<'a> = Cow<'a, str>;

/// One step of a walk over the document. Every `Open` has its `Close`; a leaf block holds `Inline` events only.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    Open(Block<'a>),
    /// Ends the block whose `Open` stands at this index.
    Close(usize),
    Inline(Inline<'a>, Marks),
}

/// A block. `Paragraph`, `Tight`, `Heading` and `Code` are leaves, `Rule` is empty, all others hold blocks.
#[derive(Debug)]
pub(crate) enum Block<'a> {
    Paragraph,
    /// Inlines that stand directly in a list item or table cell.
    Tight,
    /// Level 1 to 6.
    Heading(u8),
    Code {
        language: Option<Text<'a>>,
    },
    Rule,
    Quote,
    Panel {
        kind: PanelKind,
        title: Option<Text<'a>>,
    },
    Expand {
        title: Option<Text<'a>>,
    },
    /// A division without meaning of its own: a layout column, the frame of a macro.
    Section,
    List(ListKind),
    Item(ItemKind),
    Table,
    Row,
    Cell {
        header: bool,
        columns: u16,
        rows: u16,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    Bullet,
    Ordered { start: u32 },
    Task,
    Decision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Plain,
    Task { done: bool },
    Decision,
}

/// The panel names of the document format; other languages are mapped to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PanelKind {
    Info,
    Note,
    Tip,
    Success,
    Warning,
    Error,
    Custom,
}

impl PanelKind {
    /// Reads an ADF `panelType`; unknown types are custom ones.
    pub(crate) fn from_adf(name: &str) -> Self {
        match name {
            "info" => Self::Info,
            "note" => Self::Note,
            "tip" => Self::Tip,
            "success" => Self::Success,
            "warning" => Self::Warning,
            "error" => Self::Error,
            _ => Self::Custom,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Note => "note",
            Self::Tip => "tip",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Custom => "custom",
        }
    }
}

#[derive(Debug)]
pub(crate) enum Inline<'a> {
    /// Without line ends, except in a code block.
    Text(Text<'a>),
    Break,
    /// `name` starts with `@`.
    Mention {
        name: Text<'a>,
        account: Option<Text<'a>>,
    },
    Emoji(Text<'a>),
    /// ISO date.
    Date(Text<'a>),
    Status {
        text: Text<'a>,
        colour: Option<Text<'a>>,
    },
    /// A link shown as a card; `url` is one that passed [`super::url::safe`].
    Card {
        url: Text<'a>,
        title: Option<Text<'a>>,
    },
    Media(Media<'a>),
    /// Stands for something that has no text of its own (a table of contents, say): shown, but not read aloud.
    Note(Text<'a>),
}

/// An image or file.
#[derive(Debug)]
pub(crate) struct Media<'a> {
    /// Alternative text or file name.
    pub(crate) name: Text<'a>,
    /// File id or file name when the source names the file only so.
    pub(crate) reference: Option<Text<'a>>,
    /// Where it can be fetched, when known; passed [`super::url::safe`].
    pub(crate) url: Option<Text<'a>>,
    pub(crate) image: bool,
}

impl Inline<'_> {
    /// What a reader would read aloud.
    pub(crate) fn spoken(&self) -> &str {
        match self {
            Self::Text(text) | Self::Emoji(text) | Self::Date(text) | Self::Status { text, .. } => text,
            Self::Break => "\n",
            Self::Mention { name, .. } => name,
            Self::Card { url, .. } => url,
            Self::Media(media) => &media.name,
            Self::Note(_) => "",
        }
    }

    /// Whether words on either side must be kept apart from it.
    pub(crate) fn stands_apart(&self) -> bool {
        matches!(self, Self::Mention { .. } | Self::Date(_) | Self::Status { .. } | Self::Card { .. })
    }
}

/// The marks on an inline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// A set of the constants below.
    pub(crate) flags: u8,
    /// Place in [`Document::links`] plus one; 0 is none.
    pub(crate) link: u32,
    pub(crate) colour: Option<Colour>,
    pub(crate) background: Option<Colour>,
}

impl Marks {
    pub(crate) const STRONG: u8 = 1;
    pub(crate) const EM: u8 = 1 << 1;
    pub(crate) const STRIKE: u8 = 1 << 2;
    pub(crate) const UNDERLINE: u8 = 1 << 3;
    pub(crate) const SUB: u8 = 1 << 4;
    pub(crate) const SUP: u8 = 1 << 5;
    pub(crate) const CODE: u8 = 1 << 6;

    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// These marks and `flag`.
    pub(crate) fn with(mut self, flag: u8) -> Self {
        self.flags |= flag;
        self
    }
}

/// A 24-bit colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour(pub(crate) u32);

/// The basic colour names.
const BASIC: [(&str, u32); 18] = [
    ("aqua", 0x00_ff_ff),
    ("black", 0),
    ("blue", 0x00_00_ff),
    ("fuchsia", 0xff_00_ff),
    ("gray", 0x80_80_80),
    ("green", 0x00_80_00),
    ("grey", 0x80_80_80),
    ("lime", 0x00_ff_00),
    ("maroon", 0x80_00_00),
    ("navy", 0x00_00_80),
    ("olive", 0x80_80_00),
    ("orange", 0xff_a5_00),
    ("purple", 0x80_00_80),
    ("red", 0xff_00_00),
    ("silver", 0xc0_c0_c0),
    ("teal", 0x00_80_80),
    ("white", 0xff_ff_ff),
    ("yellow", 0xff_ff_00),
];

impl Colour {
    /// Reads `#rgb`, `#rrggbb` (an alpha part is dropped), `rgb(r, g, b)` or a basic colour name.
    pub(crate) fn parse(source: &str) -> Option<Self> {
        let source = source.trim();
        if let Some(digits) = source.strip_prefix('#') {
            return Self::from_hex(digits);
        }
        if let Some(parts) = source.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
            let mut value = 0;
            let mut count = 0;
            for part in parts.split(',') {
                value = value << 8 | u32::from(part.trim().parse::<u8>().ok()?);
                count += 1;
                if count > 3 {
                    return None;
                }
            }
            return (count == 3).then_some(Self(value));
        }
        BASIC.iter().find(|(name, _)| source.eq_ignore_ascii_case(name)).map(|&(_, value)| Self(value))
    }

    fn from_hex(digits: &str) -> Option<Self> {
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            3 => {
                let (red, green, blue) = (value >> 8, value >> 4 & 0xf, value & 0xf);
                Some(Self((red << 16 | green << 8 | blue) * 0x11))
            }
            6 => Some(Self(value)),
            8 => Some(Self(value >> 8)),
            _ => None,
        }
    }
}

/// A link's target, passed by [`super::url::safe`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    pub(crate) href: Text<'a>,
    pub(crate) title: Option<Text<'a>>,
}

/// A whole text.
#[derive(Debug, Default)]
pub(crate) struct Document<'a> {
    pub(crate) events: Vec<Event<'a>>,
    pub(crate) links: Vec<Link<'a>>,
    pub(crate) losses: Losses,
}

impl Document<'_> {
    /// The target of the link that `marks` name.
    pub(crate) fn link(&self, marks: Marks) -> Option<&Link<'_>> {
        self.links.get((marks.link as usize).checked_sub(1)?)
    }
}

/// What could not be kept, counted by name. The number of names and their length are bounded, since names come from the
/// source.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<Loss>);

impl Losses {
    const MAX_NAMES: usize = 64;
    const MAX_NAME_BYTES: usize = 80;
    const OTHERS: &str = "others";

    pub(crate) fn add(&mut self, what: &str) {
        let mut cut = what.len().min(Self::MAX_NAME_BYTES);
        while !what.is_char_boundary(cut) {
            cut -= 1;
        }
        let full = self.0.len() >= Self::MAX_NAMES;
        let name = &what[..cut];
        let place = self
            .0
            .iter()
            .position(|loss| loss.what == name)
            .or_else(|| full.then(|| self.0.iter().position(|loss| loss.what == Self::OTHERS)).flatten());
        match place {
            Some(place) => self.0[place].count = self.0[place].count.saturating_add(1),
            None if full => self.0.push(Loss { what: Self::OTHERS.to_owned(), count: 1 }),
            None => self.0.push(Loss { what: name.replace('\0', "\u{fffd}"), count: 1 }),
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Loss> {
        self.0
    }
}
